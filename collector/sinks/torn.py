"""
Lines that were torn: the disk was full, or a worker was killed in the middle of a write.

The next line must not be glued to what is left of such a line, or it would be lost as well.
"""

import fcntl
import os
import stat
import time

from collector.sinks.paths import file_name

_WRITING = 0.005
_LOCK_TRIES = 20


def end_torn_line(path: str, fd: int, *, patient: bool) -> bool:
    """
    Write the LF that the last line of ``path`` lacks; whether it did. ``fd`` is that file, open for appending.

    Several workers that find the same line are one after the other. Who has many files to look at is ``patient`` with
    the first: to end a line that was only being written makes an empty line, to wait for each loses datagrams. Raises
    OSError as write(2) does.
    """
    if not _ends_within_line(path, patient=patient):
        return False
    _lock(fd, patient=patient)
    try:
        if not _ends_within_line(path, patient=patient):
            return False
        os.write(fd, b"\n")
        return True
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def _lock(fd: int, *, patient: bool) -> None:
    """Not for long: whoever else holds a lock on a log file is not to stop us."""
    for _ in range(_LOCK_TRIES if patient else 1):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if patient:
                time.sleep(_WRITING)
        else:
            return


def _ends_within_line(path: str, *, patient: bool) -> bool:
    """One that another worker is just writing has its end yet to come: the ``patient`` see it grow within 5 ms."""
    before = -1
    while True:
        try:
            size, last = _tail(path)
        except OSError:  # not to be read
            return False
        if last in (b"", b"\n"):
            return False
        if size == before or not patient:
            return True
        before = size
        time.sleep(_WRITING)


def _tail(path: str) -> tuple[int, bytes]:
    """The size of a regular file, and its last byte."""
    fd = os.open(file_name(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            return 0, b""
        return status.st_size, os.pread(fd, 1, status.st_size - 1)
    finally:
        os.close(fd)
