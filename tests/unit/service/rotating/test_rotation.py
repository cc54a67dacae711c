"""The supervisor's part of rotation, with real files and a real helper process, and workers that are played."""

import gzip
import io
import os
import selectors
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from observing import until

from collector.service.companion import Nest
from collector.service.ownlog import OwnLog
from collector.service.rotating import rotation
from collector.service.rotating.rotation import KEYS, Place, Rotation
from collector.sinks.file import FileOptions
from collector.sinks.rotated import read_name

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


class Desk:
    """A supervisor's desk: ``crew`` are the workers that live, ``orders`` what they were told."""

    def __init__(self, folder):
        self.folder = folder
        self.text = io.StringIO()
        self.selector = selectors.DefaultSelector()
        self.pids = {0: 100, 1: 101}
        self.orders = []
        self.counts = Counter()
        self.wall, self.now = NOON, 0.0
        self.log = OwnLog(self.text, level="debug", now=lambda: self.now)
        nest = Nest(self.selector, self.log, self.selector.close)
        self.rotation = Rotation(self, nest, self.count, Place(UTC, str(folder.parent)), lambda: self.wall)

    def tell_all(self, order):
        self.orders.append(order)

    def count(self, key, amount):
        assert key in KEYS
        self.counts[" ".join([key.name, *(text for _, text in key.labels)])] += amount

    def use(self, name="a", **rotate):
        self.change(FileOptions(file=f"{self.folder}/{name}", rotate=rotate))

    def change(self, *destinations):
        """Use these, and look for what was left by another run."""
        self.rotation.change(destinations, self.now)
        until(lambda: self.chore(0.001) or self.rotation._helper is None)

    def write(self, name="a", text=b"x" * 5000):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            file.write(text)

    def chore(self, seconds=1.0):
        self.wall += seconds
        self.now += seconds
        for key, _ in self.selector.select(0):
            key.data()
        self.rotation.chore(self.now)

    def answer(self, *slots):
        for slot in slots:
            self.rotation.let_go(slot, {"event": "let_go", "turn": self.orders[-1]["turn"]})

    def settles(self):
        """Have both workers let go, and the helper finish."""
        self.answer(0, 1)
        until(lambda: self.chore(0.001) or self.rotation._helper is None)
        assert self.rotation._turn is None

    def turn(self, name="a", text=b"x" * 5000):
        self.write(name, text)
        self.chore()
        self.settles()

    def names(self, folder=""):
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def old(self):
        return [name for name in self.names() if read_name(name)]

    def said(self):
        return self.text.getvalue()


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "logs").mkdir()
    made = Desk(tmp_path / "logs")
    yield made
    made.rotation.close()
    made.selector.close()


def test_a_file_is_renamed_and_compressed_when_every_worker_has_let_go_of_it(desk):
    desk.use(size=4096)
    desk.write(text=b"one\n" * 2000)
    desk.chore()
    assert desk.names() == ["a-20261122T120001"]
    assert desk.orders == [{"do": "let_go", "turn": 1}]
    desk.answer(0)
    for _ in range(3):
        desk.chore()
    assert desk.names() == ["a-20261122T120001"], "one of them may still write to it"
    desk.settles()

    assert desk.names() == ["a-20261122T120001.gz"]
    assert gzip.decompress((desk.folder / "a-20261122T120001.gz").read_bytes()) == b"one\n" * 2000
    assert desk.counts == {"rotations": 1, "rotation_compressed": 1}
    assert f"{desk.folder}/a is rotated: 7.8 KiB are in {desk.folder}/a-20261122T120001." in desk.said()
    assert "Rotated files: compressed 1 file, 7.8 KiB became " in desk.said()


def test_a_worker_that_died_has_let_go(desk):
    desk.use(size=4096)
    desk.write()
    desk.chore()
    desk.answer(0)
    desk.pids = {0: 100, 1: 202}
    until(lambda: desk.chore() or desk.old() == ["a-20261122T120001.gz"])


def test_who_does_not_answer_is_asked_again(desk):
    desk.use(size=4096)
    desk.write()
    for _ in range(12):
        desk.chore()

    assert desk.orders == [{"do": "let_go", "turn": 1}] * 3
    assert desk.names() == ["a-20261122T120001"]


def test_an_answer_to_an_earlier_turn_does_not_count(desk):
    desk.use(size=4096)
    desk.turn()
    desk.write()
    desk.chore()
    for slot in (0, 1):
        desk.rotation.let_go(slot, {"event": "let_go", "turn": 1})
    desk.chore()

    assert len([name for name in desk.old() if not name.endswith(".gz")]) == 1


def test_files_that_are_due_together_are_one_turn(desk):
    desk.change(*(FileOptions(file=f"{desk.folder}/{name}", rotate={"size": 4096}) for name in "abc"))
    for name in "abc":
        desk.write(name)
    desk.chore()
    assert len(desk.orders) == 1
    desk.settles()

    assert [name.endswith("T120001.gz") for name in desk.names()] == [True] * 3


def test_two_rotations_within_a_second_have_different_names(desk):
    desk.use(size=4096, compress="none")
    for _ in range(3):
        desk.write()
        desk.chore(0.01)
        desk.settles()

    assert desk.names() == ["a-20261122T120000", "a-20261122T120001", "a-20261122T120002"]


def test_a_name_that_is_taken_is_not_written_over(desk):
    for name in ("a-20261122T120001", "a-20261122T120002.gz", "a-20261122T120003.zst"):
        (desk.folder / name).write_bytes(b"precious")
    desk.use(size=4096, compress="none")
    desk.turn()

    assert desk.names()[-1] == "a-20261122T120004"
    assert all((desk.folder / name).read_bytes() == b"precious" for name in desk.names()[:3])


@pytest.mark.parametrize("compress", ["gzip", "none"])
def test_so_many_are_kept(desk, compress):
    desk.use(size=4096, keep=3, compress=compress)
    for _ in range(6):
        desk.turn()

    assert len(desk.names()) == 3
    assert desk.counts["rotation_deleted"] == 3
    desk.log.close()
    assert "deleted 1 old file." in desk.said()


def test_what_a_crash_left_is_finished_and_old_files_go_at_the_start(desk):
    (desk.folder / "a-20261101T000000").write_bytes(b"one\n")
    (desk.folder / "a-20261102T000000").write_bytes(b"two\n")
    (desk.folder / "a-20261102T000000.gz").write_bytes(gzip.compress(b"two\n"))
    (desk.folder / "a-20261103T000000").write_bytes(b"three\n")
    (desk.folder / "a-20261103T000000.gz.part").write_bytes(b"begun")
    (desk.folder / "a-20200101T000000.gz").write_bytes(b"old")
    (desk.folder / "a-20200101T000000.bak").write_bytes(b"not ours")
    desk.use(size=4096, age="365d")

    made = [f"a-2026110{day}T000000.gz" for day in (1, 2, 3)]
    assert desk.names() == ["a-20200101T000000.bak", *made]
    assert [gzip.decompress((desk.folder / name).read_bytes()) for name in made] == [b"one\n", b"two\n", b"three\n"]


def test_nothing_is_renamed_until_what_is_there_has_been_listed(desk):
    """Else a file that workers still write to could be on the list."""
    desk.write()
    desk.rotation.change([FileOptions(file=f"{desk.folder}/a", rotate={"size": 4096})], desk.now)
    desk.rotation.chore(desk.now)
    assert desk.names() == ["a"]
    until(lambda: desk.chore(0.001) or desk.orders)
    assert len(desk.old()) == 1


def test_a_file_that_the_configuration_names_is_never_taken_for_an_old_one(desk):
    live = "a-20201122T120000"
    desk.write(live)
    rotated = FileOptions(file=f"{desk.folder}/a", rotate={"size": 1 << 20, "age": "1m"})
    desk.change(rotated, FileOptions(file=f"{desk.folder}/{live}"))

    assert desk.names() == [live]


def test_a_folder_that_forbids_renaming_is_said_once_with_the_cure(desk, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    desk.use(size=4096)
    desk.write()
    with monkeypatch.context() as patch:
        patch.setattr(rotation.os, "rename", refuse)
        for _ in range(200):
            desk.chore()
    assert desk.said().count("cannot be rotated: Permission denied; let the service write in that folder") == 1
    assert 3 <= desk.counts["rotation_errors rename"] <= 4
    until(lambda: desk.chore() or desk.orders)
    assert desk.names() != ["a"]


def test_a_file_that_somebody_else_moves_at_the_same_moment_is_no_trouble(desk, monkeypatch):
    def gone(*_):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(rotation.os, "rename", gone)
    desk.use(size=4096)
    desk.write()
    desk.chore()

    assert desk.orders == []
    assert desk.counts == {}
    assert "cannot" not in desk.said()


def test_a_file_that_cannot_be_compressed_is_told_kept_and_tried_again(desk):
    desk.use(size=4096)
    blocked = desk.folder / "a-20261122T120001.gz.part"
    blocked.mkdir()
    desk.turn()
    assert desk.old() == ["a-20261122T120001", "a-20261122T120001.gz.part"]
    assert desk.counts["rotation_errors compress"] >= 1
    assert "a-20261122T120001: to compress it failed: Is a directory. It is tried again in 5 minutes." in desk.said()
    blocked.rmdir()
    desk.chore(301)
    until(lambda: desk.chore(0.001) or desk.old() == ["a-20261122T120001.gz"])


def test_a_helper_that_is_killed_is_started_again_for_what_it_left(desk):
    desk.use(size=4096)
    desk.write()
    desk.chore()
    desk.answer(0, 1)
    desk.chore()
    helper = desk.rotation._helper
    os.kill(helper.process.pid, 9)
    until(lambda: desk.chore(0.001) or desk.rotation._helper is None)
    desk.chore(301)
    until(lambda: desk.chore(0.001) or [name[-3:] for name in desk.old()] == [".gz"])


def test_at_the_end_nothing_new_begins(desk):
    desk.use(size=4096)
    desk.rotation.stop()
    desk.write()
    desk.chore()

    assert desk.orders == []
    assert desk.names() == ["a"]


def test_new_options_hold_from_a_reload_on(desk):
    desk.use(size=4096, keep=5, compress="none")
    for _ in range(4):
        desk.turn()
    desk.write()
    desk.use(size=8192, keep=2, compress="gzip")
    assert [name.rpartition(".")[2] for name in desk.names()] == ["a", "gz", "gz"]

    desk.change(FileOptions(file=f"{desk.folder}/a"))
    desk.write(text=b"x" * 10_000)
    desk.chore(4000)
    assert len(desk.names()) == 3


def test_files_that_a_path_with_fields_led_to_are_rotated(desk):
    path = f"{desk.folder}/{{{{ hostname }}}}/log"
    desk.change(FileOptions(file=path, rotate={"size": 4096, "keep": 1}))
    desk.rotation.opened(0, {"event": "opened", "sink": path, "paths": [f"{desk.folder}/web/log"]})
    for _ in range(2):
        desk.turn("web/log")

    (name,) = desk.names("web")
    assert read_name(name).suffix == ".gz"


def test_files_written_before_a_restart_are_rotated_and_no_others(desk):
    path = f"{desk.folder}/{{{{ hostname }}}}.log"
    options = FileOptions(file=path, rotate={"every": "day"})
    desk.change(options)
    desk.write("web.log", b"one\n")
    desk.write("foreign.log", b"two\n")
    desk.rotation.opened(0, {"event": "opened", "sink": path, "paths": [f"{desk.folder}/web.log"]})
    desk.chore()
    desk.rotation.close()
    later = Desk(desk.folder)
    later.wall = time.time() + 86400
    later.change(options)
    later.chore()
    later.settles()
    later.selector.close()

    names = later.names()
    assert len(names) == 2
    assert names[0] == "foreign.log"
    assert names[1].startswith("web.log-")


def test_without_anything_to_rotate_no_process_is_started(desk):
    desk.rotation.change([FileOptions(file=f"{desk.folder}/a")], 0.0)
    for _ in range(3):
        desk.chore(4000)

    assert desk.rotation._helper is None
