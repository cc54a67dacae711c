import errno
import os
import stat
import subprocess

import pytest
from file_sink_rig import room_for

from collector.service.plan import build_plan_from_text
from collector.sinks import torn


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


# --- writing ----------------------------------------------------------------------------------------------------------


def test_batches_are_appended_and_counted(bench, tmp_path):
    path = tmp_path / "new" / "all"
    one = bench()
    one.offer(path, [b"first", b"second"])
    one.offer(path, [b"third"])

    assert path.read_bytes() == b"first\nsecond\nthird\n"
    assert one.counts() == (3, 3, 0, 0)
    assert one.count("sink_written_bytes") == 19
    assert one.told == []


def test_a_batch_is_one_write(bench, tmp_path, monkeypatch):
    sizes = []
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or real(fd, data))
    bench().offer(tmp_path / "all", [b"x" * 200] * 500)

    assert sizes == [500 * 201]


def test_two_processes_do_not_mix_their_lines(bench, tmp_path):
    path = tmp_path / "all"
    child = os.fork()
    name = b"c" if child == 0 else b"p"
    one = bench()
    for _ in range(200):
        one.offer(path, [name * 150] * 20)
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    lines = path.read_bytes().splitlines()
    assert sorted(set(lines)) == [b"c" * 150, b"p" * 150]
    assert [lines.count(b"c" * 150), lines.count(b"p" * 150)] == [4000, 4000]


def test_files_and_folders_get_the_modes_of_the_options(bench, tmp_path):
    path = tmp_path / "new" / "all"
    bench(mode="0604", dir_mode="0705").offer(path, [b"x"])

    assert (mode_of(path), mode_of(path.parent)) == (0o604, 0o705)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_files_belong_to_the_owner_of_the_options(bench, tmp_path):
    path = tmp_path / "all"
    bench(owner="daemon", group="daemon").offer(path, [b"x"])

    assert (path.stat().st_uid, path.stat().st_gid) == (1, 1)


@pytest.mark.parametrize("name", ["owner", "group"])
def test_an_owner_who_does_not_exist_is_refused_with_a_hint(name):
    text = f"sources: [udp: 127.0.0.1:0]\nroutes: [{{select: '*.*', to: {{file: /x, {name}: nobody-here}}}}]\n"
    plan, problems = build_plan_from_text(text, "c.yaml")
    assert plan is None
    assert [("nobody-here" in problem.message, "getent" in (problem.hint or "")) for problem in problems] == [
        (True, True)
    ]


# --- files that go away -----------------------------------------------------------------------------------------------


def test_a_moved_file_is_followed_by_a_new_one(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    one.offer(path, [b"before"])
    path.rename(tmp_path / "all.1")
    one.files.forget_moved()
    one.offer(path, [b"after"])

    assert ((tmp_path / "all.1").read_bytes(), path.read_bytes()) == (b"before\n", b"after\n")


def test_open_files_are_shown_as_a_gauge(bench, tmp_path):
    one = bench()
    one.offer(tmp_path / "a", [b"x"])
    one.offer(tmp_path / "b", [b"x"])
    one.tick()
    assert one.count("sink_open_files") == 2

    one.files.close()
    one.tick()
    assert one.count("sink_open_files") == 0


# --- what cannot be opened --------------------------------------------------------------------------------------------


def test_what_cannot_be_opened_is_dropped_counted_and_said(bench, tmp_path):
    (tmp_path / "folder").mkdir()
    one = bench()
    one.offer(tmp_path / "folder", [b"x", b"y"])

    assert one.counts() == (2, 0, 2, 0)
    assert one.count("sink_dropped", reason="cannot_open") == 2
    one.tick()
    [(event_class, sentence)] = one.told
    assert event_class == "state /unused"
    assert "is a folder" in sentence


def test_what_can_be_written_again_is_said_once_and_shares_the_line_of_its_trouble(bench, tmp_path):
    """The own log shows the last of an event: were these two, it might end with what is long over."""
    path = tmp_path / "folder" / "all"
    one = bench()
    one.offer(path, [b"first"])
    one.tick()
    (tmp_path / "folder").rename(tmp_path / "away")
    (tmp_path / "folder").write_bytes(b"")
    one.files.forget_moved()
    for _ in range(3):
        one.offer(path, [b"lost"])
        one.tick()
    (tmp_path / "folder").unlink()
    for _ in range(3):
        one.sink.offer_each([(str(path), b"seen\n", 1)], paths=1, can_wait=False)
        one.tick()

    assert {event_class for event_class, _ in one.told} == {"state /unused"}
    sentences = [sentence for _, sentence in one.told]
    assert ["cannot be written" in sentence for sentence in sentences] == [True, True, True, False]
    assert sentences[-1] == f"{path}: lines can be written again."


def test_many_refused_paths_are_told_in_one_sentence(bench, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    one = bench()
    for number in range(1000):
        one.offer(tmp_path / "file" / str(number), [b"x"])
    one.tick()

    assert one.counts() == (1000, 0, 1000, 0)
    said = "cannot be written: Not a directory; a file stands where a folder of its path should be: move it away."
    said += " Lines are dropped and counted until that changes."
    assert one.told == [("state /unused", f"{tmp_path}/file/0 and 999 more: {said}")]


@pytest.fixture
def broken_disk(monkeypatch):
    def write(_fd, _data):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", write)


@pytest.mark.usefixtures("broken_disk")
def test_what_cannot_be_written_has_its_own_reason(bench, tmp_path):
    one = bench()
    one.offer(tmp_path / "all", [b"x"])
    one.offer(tmp_path / "all", [b"y", b"z"])
    one.tick()

    assert one.counts() == (3, 0, 3, 0)
    assert one.count("sink_dropped", reason="write_error") == 3
    said = "cannot be written: Input/output error; look after the disk: `dmesg`."
    said += " Lines are dropped and counted until that changes."
    assert [sentence for _, sentence in one.told] == [f"{tmp_path}/all: {said}"]
    assert one.count("sink_errors", reason="EIO") == 1


def test_files_that_cannot_be_given_away_are_written_and_told_once(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fchown", lambda *_: os.listdir("/proc/self/nothing"))
    one = bench(owner="root")
    one.offer(tmp_path / "a", [b"x"])
    one.offer(tmp_path / "b", [b"x"])

    assert one.counts() == (2, 2, 0, 0)
    [(event_class, sentence)] = one.told
    assert event_class == "rights /unused"
    assert f"{tmp_path}/a" in sentence


def test_a_refused_path_is_not_tried_again_before_the_next_tick(bench, tmp_path, monkeypatch):
    path = tmp_path / "folder"
    path.mkdir()
    one = bench()
    one.offer(path, [b"x"])
    path.rmdir()
    one.offer(path, [b"y"])
    assert one.counts() == (2, 0, 2, 0)

    one.tick()
    assert len(one.told) == 1
    one.offer(path, [b"z"])
    assert path.read_bytes() == b"z\n"
    assert one.counts() == (3, 1, 2, 0)


def test_one_refused_path_does_not_hinder_the_others(bench, tmp_path):
    (tmp_path / "folder").mkdir()
    one = bench()
    one.offer(tmp_path / "folder", [b"x"])
    one.offer(tmp_path / "all", [b"y"])

    assert (tmp_path / "all").read_bytes() == b"y\n"
    assert one.counts() == (2, 1, 1, 0)


def test_a_link_where_messages_name_the_files_is_refused(bench, tmp_path):
    (tmp_path / "gate").symlink_to("/etc/passwd")
    one = bench(below=str(tmp_path))
    one.offer(tmp_path / "gate", [b"x"])

    assert one.count("sink_dropped", reason="cannot_open") == 1


# --- a full disk ------------------------------------------------------------------------------------------------------


def test_a_torn_line_is_ended_and_written_again_whole(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(10):
        one.offer(path, [b"first", b"second", b"third"])
        assert path.read_bytes() == b"first\nseco"
        assert one.sink.waits
        assert one.counts() == (3, 1, 0, 2)
        assert one.count("sink_errors", reason="torn_line") == 1

    one.tick()
    assert path.read_bytes() == b"first\nseco\nsecond\nthird\n"
    assert not one.sink.waits
    assert one.counts() == (3, 3, 0, 0)


def test_a_line_torn_again_and_again_is_counted_once(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(3):
        one.offer(path, [b"a long line", b"another"])
    for size in (4, 8, 9, 12):
        with room_for(size):
            one.tick()
            assert one.counts() == (2, 0, 0, 2)
    with room_for(30):
        one.tick()
        assert one.counts() == (2, 1, 0, 1)
    one.tick()

    assert path.read_bytes() == b"a l\na lo\na l\na long line\nanoth\nanother\n"
    assert one.counts() == (2, 2, 0, 0)


def test_what_ends_at_a_line_is_no_torn_line(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(6):
        one.offer(path, [b"first", b"second"])
    assert one.count("sink_errors", reason="torn_line") == 0

    one.tick()
    assert path.read_bytes() == b"first\nsecond\n"


def test_while_it_waits_streams_are_kept_and_datagrams_dropped(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(0):
        one.offer(path, [b"first"])
        one.offer(path, [b"stream"])
        one.offer(path, [b"datagram"], can_wait=False)
        assert one.counts() == (3, 0, 1, 2)
        assert one.count("sink_dropped", reason="disk_full") == 1
        one.tick()
        assert one.counts() == (3, 0, 1, 2)

    one.tick()
    assert path.read_bytes() == b"first\nstream\n"
    assert one.counts() == (3, 2, 1, 0)


def test_a_full_disk_is_said_once_and_so_is_its_end(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(0):
        one.offer(path, [b"first"])
        for _ in range(3):
            one.tick()
        assert [event_class for event_class, _ in one.told] == ["state /unused"]
        assert "no room on the disk" in one.told[0][1]

    one.tick()
    one.offer(path, [b"second"])
    assert len(one.told) == 2
    assert "there is room again" in one.told[1][1]


def test_many_full_paths_are_told_in_one_sentence_and_so_is_their_end(bench, tmp_path):
    one = bench()
    with room_for(0):
        for number in range(100):
            one.offer(tmp_path / str(number), [b"x"])
        one.tick()
    one.tick()

    assert one.counts() == (100, 100, 0, 0)
    assert [event_class for event_class, _ in one.told] == ["state /unused", "state /unused"]
    assert f"{tmp_path}/0: no room on the disk." in one.told[0][1]
    assert f"{tmp_path}/0 and 99 more: there is room again" in one.told[1][1]


def test_nothing_is_remembered_of_a_full_disk_that_is_over(bench, tmp_path):
    one = bench(on_full="drop")
    with room_for(4):
        one.offer(tmp_path / "never again", [b"first"])
        one.offer(tmp_path / "all", [b"first"])
    one.tick()
    one.offer(tmp_path / "all", [b"second"])

    assert one.sink._full == {}
    one.offer(tmp_path / "never again", [b"second"])
    assert (tmp_path / "never again").read_bytes() == b"firs\nsecond\n"


def test_many_torn_files_are_waited_for_once(bench, tmp_path, monkeypatch):
    rests = []
    monkeypatch.setattr(torn.time, "sleep", rests.append)
    one = bench()
    for number in range(100):
        (tmp_path / str(number)).write_bytes(b"torn")
        one.offer(tmp_path / str(number), [b"x"])
    assert len(rests) == 2

    one.tick()
    (tmp_path / "all").write_bytes(b"torn")
    one.offer(tmp_path / "all", [b"x"])
    assert len(rests) == 4
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"torn\nx\n"}
    assert one.count("sink_errors", reason="found_torn_line") == 101


def test_many_torn_files_are_waited_for_once_while_the_disk_is_full_too(bench, tmp_path, monkeypatch):
    one = bench()
    with room_for(4):
        for number in range(100):
            one.offer(tmp_path / str(number), [b"first"])
        rests = []
        monkeypatch.setattr(torn.time, "sleep", rests.append)
        one.tick()
        assert len(rests) == 2
    one.tick()

    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"firs\nfirst\n"}


def test_what_is_refused_at_the_very_end_is_told(bench, tmp_path):
    one = bench()
    one.tick()
    one.offer(tmp_path, [b"x"])
    one.sink.abandon()

    assert [event_class for event_class, _ in one.told] == ["state /unused"]


def test_with_on_full_drop_nothing_waits(bench, tmp_path):
    path = tmp_path / "all"
    one = bench(on_full="drop")
    with room_for(10):
        one.offer(path, [b"first", b"second", b"third"])
        one.offer(path, [b"fourth"])
        assert not one.sink.waits
        assert one.counts() == (4, 1, 3, 0)

    one.tick()
    one.offer(path, [b"fifth"])
    assert path.read_bytes() == b"first\nseco\nfifth\n"
    assert one.counts() == (5, 2, 3, 0)
    assert len(one.told) == 2


def test_what_still_waits_at_the_end_is_counted_as_lost(bench, tmp_path):
    one = bench()
    with room_for(0):
        one.offer(tmp_path / "all", [b"first", b"second"])
    one.sink.abandon()

    assert one.counts() == (2, 0, 2, 0)
    assert one.count("sink_dropped", reason="disk_full") == 2
    assert not one.sink.waits


def test_what_waits_is_taken_over_by_a_sink_with_other_options_for_the_same_place(bench, tmp_path):
    path = tmp_path / "all"
    one = bench()
    with room_for(10):
        one.offer(path, [b"first", b"second", b"third"])
        heir = one.successor(mode="0600")
        one.sink.hand_over(heir)
        one.sink.close()
        assert heir.waits
        assert not one.sink.waits
        assert one.counts() == (3, 1, 0, 2)
        heir.offer(str(path), b"fourth\n", 1, can_wait=True)

    assert one.files.waiting == {heir}
    heir.tick(0)
    assert path.read_bytes() == b"first\nseco\nsecond\nthird\nfourth\n"
    assert one.counts() == (4, 4, 0, 0)
    assert one.count("sink_errors", reason="found_torn_line") == 0


def test_what_two_sinks_waited_with_is_written_by_their_heir(bench, tmp_path):
    one = bench()
    with room_for(0):
        one.offer(tmp_path / "all", [b"first"])
        heir = one.successor()
        heir.offer(str(tmp_path / "all"), b"second\n", 1, can_wait=True)
        one.sink.hand_over(heir)
    heir.tick(0)

    assert sorted((tmp_path / "all").read_bytes().splitlines()) == [b"first", b"second"]
    assert one.counts() == (2, 2, 0, 0)


def test_a_full_disk_behind_one_path_leaves_the_others_alone(bench, tmp_path):
    one = bench()
    with room_for(0):
        one.offer(tmp_path / "a", [b"first"])
    one.offer(tmp_path / "b", [b"second"])

    assert (tmp_path / "b").read_bytes() == b"second\n"
    assert one.counts() == (2, 1, 0, 1)


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"this machine does not let root mount: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.root
def test_a_disk_that_fills_up_and_is_cleared_again_loses_nothing(bench, small_disk):
    path = small_disk / "all"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 40_000)
    lines = [f"{number:05} {'x' * 93}".encode() for number in range(300)]
    one = bench()
    one.offer(path, lines)
    assert one.sink.waits
    one.offer(path, [b"later"])
    one.tick()
    assert one.sink.waits
    assert one.count("sink_errors", reason="ENOSPC") > 0

    ballast.unlink()
    one.tick()
    assert not one.sink.waits
    assert one.counts() == (301, 301, 0, 0)
    written = path.read_bytes().splitlines()
    assert [line for line in written if line in {*lines, b"later"}] == [*lines, b"later"]
    assert len(written) == 301 + one.count("sink_errors", reason="torn_line")
