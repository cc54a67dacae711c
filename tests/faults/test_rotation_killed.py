"""Rotation that is interrupted: by a kill, by the end of the service, by a full disk, by a missing right."""

import gzip
import os
import random
import signal
import subprocess

import pytest
from observing import processes_of_session, until
from quick_service import QUICK
from service_under_test import prefix_without_rights

OLD = "all-20261122T101500"
CONFIG = """
sources:
  - tcp: 127.0.0.1:0
routes:
  - select: "*.*"
    to: {file: ./logs/all, rotate: {size: 4KiB, keep: all}}
workers: 2
"""
MEGABYTES = 20


@pytest.fixture
def left_over(tmp_path):
    """A rotated file that nobody had the time to compress, and that takes a moment."""
    (tmp_path / "logs").mkdir()
    content = random.Random(3164).randbytes(1 << 20) * MEGABYTES
    (tmp_path / "logs" / OLD).write_bytes(content)
    return content


def names(folder):
    return sorted(path.name for path in (folder / "logs").iterdir())


def is_compressed(folder, content):
    return names(folder) == [f"{OLD}.gz"] and gzip.decompress((folder / "logs" / f"{OLD}.gz").read_bytes()) == content


def test_what_was_being_compressed_when_the_supervisor_was_killed_is_finished_at_the_next_start(
    serve, tmp_path, left_over
):
    service = serve(CONFIG, prefix=QUICK)
    until(lambda: f"{OLD}.gz.part" in names(tmp_path))
    service.signal(signal.SIGKILL)
    service.process.wait()
    service.stopped = True
    until(lambda: not processes_of_session(service.process.pid))
    assert (tmp_path / "logs" / OLD).read_bytes() == left_over
    serve(CONFIG, prefix=QUICK)

    until(lambda: is_compressed(tmp_path, left_over))


def test_a_service_that_ends_does_not_wait_for_the_compressor_and_leaves_nothing_half_done(serve, tmp_path, left_over):
    service = serve(CONFIG, prefix=QUICK)
    until(lambda: f"{OLD}.gz.part" in names(tmp_path))
    service.stop()

    assert names(tmp_path) == [OLD]
    assert (tmp_path / "logs" / OLD).read_bytes() == left_over


def test_a_compressor_that_is_killed_harms_nobody(serve, tmp_path, left_over):
    service = serve(CONFIG, prefix=QUICK)
    until(lambda: f"{OLD}.gz.part" in names(tmp_path))
    others = {service.process.pid, *service.workers()}
    (helper,) = [pid for pid in processes_of_session(service.process.pid) if pid not in others and is_at_work(pid)]
    os.kill(helper, signal.SIGKILL)
    service.hears("Compressing rotated files ended with -9 and is tried again")
    service.tcp(b"<13>Jul 23 15:54:31 host app: line\n")
    service.counts(1, "sink_written")

    assert (tmp_path / "logs" / OLD).read_bytes() == left_over


def is_at_work(pid):
    """Whether it has the unfinished file open."""
    folder = f"/proc/{pid}/fd"
    return any(os.readlink(f"{folder}/{fd}").endswith(".part") for fd in os.listdir(folder))


def test_a_worker_that_is_killed_during_a_rotation_does_not_hold_it_up(serve, tmp_path):
    service = serve(CONFIG, prefix=QUICK)
    for _ in range(4):
        service.tcp(b"<13>Jul 23 15:54:31 host app: %s\n" % (b"x" * 1000))
    service.counts(4, "sink_written")
    deaf = service.workers()[0]
    os.kill(deaf, signal.SIGSTOP)
    with (tmp_path / "logs/all").open("ab") as file:
        file.write(b"x\n" * 2000)
    (rotated,) = until(lambda: [name for name in names(tmp_path) if name != "all"])
    assert not rotated.endswith(".gz"), "it may still write to it"
    os.kill(deaf, signal.SIGKILL)

    until(lambda: f"{rotated}.gz" in names(tmp_path))
    until(service.is_whole)


def test_without_room_for_the_compressed_file_the_plain_one_stays(serve, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    (tmp_path / "logs").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path / "logs"]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("no right to mount here")
    try:
        content = random.Random(3164).randbytes(200 << 10)
        (tmp_path / "logs" / OLD).write_bytes(content)
        service = serve(CONFIG, prefix=QUICK)
        service.hears(f"{OLD}: to compress it failed: No space left on device. It is tried again in 5 minutes")
        service.counts(1, "rotation_errors", reason="compress")
        service.stop()
        assert names(tmp_path) == [OLD]
        assert (tmp_path / "logs" / OLD).read_bytes() == content
    finally:
        subprocess.run(["umount", "-l", tmp_path / "logs"], check=True)


def test_a_folder_in_which_the_service_may_not_write_is_said_once_with_the_cure(serve, tmp_path):
    prefix = prefix_without_rights(tmp_path)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/all").write_text("")
    (tmp_path / "logs/all").chmod(0o666)
    (tmp_path / "logs").chmod(0o555)
    service = serve(CONFIG, prefix=(*prefix, *QUICK))
    service.tcp(b"<13>Jul 23 15:54:31 host app: %s\n" % (b"x" * 5000))
    service.hears("all cannot be rotated: Permission denied; let the service write in that folder, or leave out rotate")
    service.counts(1, "rotation_errors", reason="rename")
    (tmp_path / "logs").chmod(0o755)
    if prefix:
        service.tcp(b"<13>Jul 23 15:54:31 host app: still written\n")
        service.counts(2, "sink_written")
