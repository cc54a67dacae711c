"""Rotation by the running service: under load, at midnight, with path templates, after a reload, beside logrotate."""

import contextlib
import gzip
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from observing import until
from quick_service import QUICK
from service_under_test import ROOT

from collector.sinks.rotated import read_name

CONFIG = """
sources:
  - tcp: 127.0.0.1:0
workers: 2
routes:
  - select: "*.*"
    to: {{file: "{path}", rotate: {rotate}}}
"""


def config(rotate, path="./logs/all"):
    return CONFIG.format(rotate=rotate, path=path)


def files(service, folder="logs"):
    return sorted((service.folder / folder).glob("*"))


def old(service, folder="logs"):
    return [path for path in files(service, folder) if read_name(path.name)]


def content(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def line(text):
    return b"<13>Jul 23 15:54:31 host app: %s\n" % text


@pytest.mark.parametrize(("path", "compress"), [("./logs/all", "gzip"), ("./logs/{{ hostname }}.log", "none")])
def test_while_files_rotate_many_times_a_second_every_line_is_written_once(serve, path, compress):
    service = serve(config(f"{{size: 32KiB, keep: all, compress: {compress}}}", path), prefix=QUICK)
    sent, enough = Counter(), threading.Event()

    def send(sender):
        with service.connect() as connection:
            while not enough.wait(0.001):
                first = sent[sender]
                connection.sendall(b"".join(line(b"%d.%d" % (sender, first + number)) for number in range(20)))
                sent[sender] += 20

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: service.count("rotations") >= 20)
    enough.set()
    for thread in threads:
        thread.join()
    service.counts(sent.total(), "sink_written")
    service.stop()

    old, live = [], []
    for file in files(service):
        (old if read_name(file.name) else live).append(content(file))
    written = b"".join(old + live).split(b"\n")
    assert written.pop() == b""
    numbers = {sender: [] for sender in range(4)}
    for text in written:
        head, _, number = text.rpartition(b" ")
        assert head == b"Jul 23 15:54:31 host app:"
        numbers[int(number[:1])].append(int(number[2:]))
    assert numbers == {sender: list(range(count)) for sender, count in sent.items()}, "all, once, and in order"
    assert len(old) >= 20


def test_a_file_is_rotated_at_the_full_hour_and_not_before(serve, monkeypatch):
    """In a time zone in which the next hour begins in some seconds."""
    seconds = 3600 - (int(time.time()) + 3) % 3600
    monkeypatch.setattr("service_under_test.environment", _environment_at(seconds))
    service = serve(config("{every: hour, compress: none}"))
    service.tcp(line(b"before"))
    service.counts(1, "sink_written")
    assert old(service) == []
    begun = until(lambda: old(service), 10)
    service.tcp(line(b"after"))
    service.counts(2, "sink_written")

    assert content(begun[0]).endswith(b"before\n")
    assert begun[0].name.startswith("all-")
    assert begun[0].name[-4:] in ("0000", "0001"), "minute and second by the clock on the wall"
    assert service.lines("logs/all") == [b"Jul 23 15:54:31 host app: after"]


def _environment_at(seconds):
    from service_under_test import environment

    zone = f"<X>-{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return lambda: {**environment(), "TZ": zone}


def test_a_reload_brings_new_options_into_force(serve):
    service = serve(config("{size: 1MiB}"), prefix=QUICK)
    service.tcp(line(b"x" * 5000))
    service.counts(1, "sink_written")
    assert old(service) == []
    path = service.folder / "collector.yaml"
    path.write_text(path.read_text().replace("1MiB", "4KiB"))
    service.signal(signal.SIGHUP)

    until(lambda: [path.suffix for path in old(service)] == [".gz"])


def test_after_a_restart_files_of_a_path_with_fields_are_known(serve):
    service = serve(config("{size: 6KiB}", "./logs/{{ hostname }}"), prefix=QUICK)
    service.tcp(line(b"x" * 4000))
    service.counts(1, "sink_written")
    service.stop()
    text = (service.folder / "collector.yaml").read_text()
    (service.folder / "logs/foreign").write_bytes(bytes(9000))
    (service.folder / "logs/host").write_bytes(bytes(9000))
    again = serve(text, prefix=QUICK)

    until(lambda: [path.suffix for path in old(again)] == [".gz"])
    assert [path.name for path in files(again) if not read_name(path.name)] == ["foreign"]


def test_the_file_behind_a_link_is_rotated_where_it_is(serve, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "logs/all").symlink_to(tmp_path / "disk/real")
    service = serve(config("{size: 4KiB}"), prefix=QUICK)
    service.tcp(line(b"x" * 5000))
    until(lambda: [path.suffix for path in old(service, "disk")] == [".gz"])
    service.tcp(line(b"again"))
    service.writes(b"Jul 23 15:54:31 host app: again", name="disk/real")

    assert (tmp_path / "logs/all").is_symlink()


LOGROTATE = pytest.mark.skipif(shutil.which("logrotate") is None, reason="logrotate is not installed")
NOBODY_ROTATES = config("{size: 1GiB}")


def logrotate(service, text):
    """What runs every night, run now for the service's file."""
    conf = service.folder / "logrotate.conf"
    _, _, directives = text.partition("{")
    conf.write_text(f"{service.folder}/logs/all {{{directives}")
    conf.chmod(0o644)
    (service.folder / "logs").chmod(0o750)
    subprocess.run(["logrotate", "-f", "-s", service.folder / "logrotate.state", conf], check=True, capture_output=True)


def all_have_left(name, service):
    """Whether a new file was begun, and no worker has the moved one open any more."""
    opened = set()
    for entry in (entry for pid in service.workers() for entry in Path(f"/proc/{pid}/fd").iterdir()):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            opened.add(os.readlink(entry))
    logs = service.folder / "logs"
    return (logs / "all").exists() and str(logs / name) not in opened


@LOGROTATE
def test_with_the_shipped_snippet_logrotate_moves_files_and_no_line_is_lost(serve):
    snippet = re.sub(r"\bsu \w+ \w+", "", (ROOT / "deploy/logrotate").read_text())
    service = serve(NOBODY_ROTATES)
    send = sending(service)
    service.counts(next(send), "sink_written")
    for _ in range(2):
        logrotate(service, snippet)
        until(lambda: next(send) and all_have_left("all.1", service))
    total = next(send)
    service.counts(total, "sink_written")

    written = b"".join(map(content, files(service))).split(b"\n")[:-1]
    assert sorted(int(text.rpartition(b" ")[2]) for text in written) == list(range(total))
    assert [path.name for path in files(service)] == ["all", "all.1", "all.2.gz"]


@LOGROTATE
@pytest.mark.parametrize("make", ["create 0640", "nocreate"])
def test_told_by_a_signal_all_workers_are_in_the_new_file_at_once(serve, make):
    service = serve(NOBODY_ROTATES)
    send = sending(service)
    service.counts(next(send), "sink_written")
    logrotate(service, f"{{\nrotate 9\n{make}\npostrotate\nkill -USR1 {service.process.pid}\nendscript\n}}\n")
    service.hears("reopening the files")
    service.counts(next(send), "sink_written")

    assert len(service.lines("logs/all")) == len(service.lines("logs/all.1")) == 100


@LOGROTATE
def test_copytruncate_leaves_a_file_that_goes_on_at_its_beginning(serve):
    """Lines written between its copy and its truncation are lost: that is copytruncate, see logrotate(8)."""
    service = serve(NOBODY_ROTATES)
    send = sending(service)
    service.counts(next(send), "sink_written")
    logrotate(service, "{\nrotate 9\ncopytruncate\n}\n")
    service.counts(next(send), "sink_written")

    assert b"\0" not in (service.folder / "logs/all").read_bytes()
    assert len(service.lines("logs/all")) == len(service.lines("logs/all.1")) == 100


def sending(service):
    """A hundred lines at each step, over two connections; gives how many there were."""
    total = 0
    while True:
        for start in (total, total + 50):
            service.tcp(*(line(b"%d" % number) for number in range(start, start + 50)))
        total += 100
        yield total
