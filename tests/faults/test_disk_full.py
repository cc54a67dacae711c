"""A disk without room: said once; those who can wait do, and lose nothing; the others are counted."""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from observing import DEADLINE, until

from collector.service.control import request

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 8MiB
  - tcp: 127.0.0.1:0
routes:
  - select: "*.*"
    to: {{file: {file}, on_full: {on_full}}}
workers: {workers}
"""
KIB = 1024


@pytest.fixture
def disk(tmp_path):
    """A file system of 256 KiB; ``disk / "filler"`` takes most of it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("no right to mount here")
    try:
        (folder / "filler").write_bytes(bytes(200 * KIB))
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def config(on_full="wait", workers=1, file="./disk/all"):
    return CONFIG.format(on_full=on_full, workers=workers, file=file)


def lines(tag, count):
    return [b"<13>Jul 23 15:54:31 host %s: %d %s" % (tag, number, b"x" * 100) for number in range(count)]


def written(service, name="disk/all"):
    """The whole lines; what is left of a torn one begins like a line and is followed by the line itself."""
    return [line for line in service.lines(name) if re.fullmatch(rb"Jul 23 15:54:31 host \w+: \d+ x{100}", line)]


@pytest.mark.parametrize("workers", [1, 2])
def test_streams_wait_and_lose_nothing(serve, disk, workers):
    service = serve(config(workers=workers))
    sent, more = lines(b"tcp", 1500), lines(b"later", 10)
    half = len(sent) // 2
    service.tcp(b"\n".join([*sent[:half], b""]))
    service.tcp(b"\n".join([*sent[half:], b""]))
    until(lambda: service.count("sink_pending"))
    service.tcp(b"\n".join([*more, b""]))
    if workers == 1:  # of two, the one that reads them may not know yet
        service.udp(*[b"<13>Jul 23 15:54:31 host udp: 1"] * 10)
        service.counts(10, "sink_dropped", reason="disk_full")
    before = service.count("sink_errors", reason="ENOSPC")
    until(lambda: service.count("sink_errors", reason="ENOSPC") > before)  # it tried again
    (disk / "filler").unlink()

    sent += more
    service.counts(len(sent), "sink_written")
    assert set(written(service)) == {line.removeprefix(b"<13>") for line in sent}
    assert len(written(service)) == len(sent)
    torn = len(service.lines("disk/all")) - len(sent)
    assert torn == service.count("sink_errors", reason="torn_line")
    assert service.count("sink_pending") == 0
    service.hears("there is room again, and what waited is written.")
    service.stop()
    assert 1 <= service.said().count("no room on the disk. Senders over streams wait") <= workers


def test_a_sender_that_goes_on_is_slowed_down_and_memory_does_not_grow(serve, disk):
    service = serve(config())
    (worker,) = service.workers()
    block = b"\n".join([*lines(b"tcp", 1000), b""])
    with service.connect() as connection:
        connection.settimeout(1)
        taken = 0
        with contextlib.suppress(TimeoutError):
            while taken < 64 * KIB * KIB:
                taken += connection.send(block)
        assert taken < 64 * KIB * KIB
        assert service.count("sink_pending") * 140 < 2 * KIB * KIB
        assert service.count("received_messages") * 140 < 2 * KIB * KIB
        rss = int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())[1])
        assert rss < 80 * KIB
        (disk / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        until(lambda: service.count("sink_pending") == 0)


def test_a_disk_that_was_never_full_enough_to_be_opened_keeps_streams_waiting_too(serve, disk):
    (disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,nr_inodes=2", disk], check=True)
    (disk / "last inode").touch()
    service = serve(config())
    service.tcp(b"<13>Jul 23 15:54:31 host app: one\n")
    until(lambda: service.count("sink_pending") == 1)
    (disk / "last inode").unlink()

    service.counts(1, "sink_written")
    assert service.lines("disk/all") == [b"Jul 23 15:54:31 host app: one"]


def test_with_on_full_drop_nobody_waits_and_it_is_said_once(serve, disk):
    service = serve(config(on_full="drop"))
    sent = 0
    with service.connect() as connection:
        for number in range(30):
            connection.sendall(b"\n".join([*lines(b"n%d" % number, 100), b""]))
            sent += 100
            service.counts(sent)
        errors = service.count("sink_errors", reason="ENOSPC")

        def tried_again():
            connection.sendall(b"<13>Jul 23 15:54:31 host app: 0 " + b"x" * 100 + b"\n")
            return service.count("sink_errors", reason="ENOSPC") >= errors + 2

        until(tried_again)
        assert service.count("sink_pending") == 0
        assert service.count("sink_dropped", reason="disk_full") > 0
        assert service.said().count("no room on the disk. Lines are dropped and counted") == 1
        assert "there is room again" not in service.said()
        (disk / "filler").unlink()

        def room():
            connection.sendall(b"<13>Jul 23 15:54:31 host again: 0 " + b"x" * 100 + b"\n")
            return any(b" again: " in line for line in written(service))

        until(room)
    service.hears("there is room again")
    until(lambda: len(written(service)) == service.count("sink_written"))


def test_when_it_is_told_to_end_what_still_waits_is_counted_as_dropped(serve, disk):
    service = serve(config())
    with service.connect() as connection:
        connection.sendall(b"\n".join([*lines(b"tcp", 1500), b""]))
        until(lambda: service.count("sink_pending"))
        received, *_ = service.stop()

    lost = int(service.hears(r"\./disk/all: (\d+) lines that waited for room are lost\.")[1])
    assert len(written(service)) == received - lost


def test_a_limit_on_the_size_of_a_file_is_a_full_disk(serve):
    """RLIMIT_FSIZE; the quota of a user (EDQUOT) goes the same way."""
    service = serve(config(file="./all"), prefix=("prlimit", "--fsize=20000:unlimited"))
    (worker,) = service.workers()
    with service.connect() as connection:
        connection.sendall(b"\n".join([*lines(b"tcp", 500), b""]))
        until(lambda: service.count("sink_errors", reason="EFBIG"))
        subprocess.run(["prlimit", f"--pid={worker}", "--fsize=unlimited:unlimited"], check=True)
        service.counts(500, "sink_written")

    assert written(service, "all") == [line.removeprefix(b"<13>") for line in lines(b"tcp", 500)]


def test_what_waits_is_kept_by_a_reload_that_changes_the_options_of_the_file(serve, disk):
    service = serve(f"{config()}watch: false\n")
    sent = lines(b"tcp", 1500)
    service.tcp(b"\n".join([*sent, b""]))
    until(lambda: service.count("sink_pending"))
    place = service.folder / "collector.yaml"
    place.write_text(place.read_text().replace("on_full: wait", 'on_full: wait, mode: "0600"'))
    answer = request(str(service.control), {"ask": "reload"}, DEADLINE)
    assert answer["changes"] == "changed ./disk/all (mode)"
    (disk / "filler").unlink()

    service.counts(len(sent), "sink_written")
    assert written(service) == [line.removeprefix(b"<13>") for line in sent]
    assert service.count("sink_dropped") == 0
