"""
Lines that were torn: the disk was full, or a worker was killed in the middle of a write.

The next line must not be glued to what is left of such a line, or it would be lost as well.
"""

import os
import stat
import time

_WRITING = 0.005


def ends_within_line(path: str) -> bool:
    """
    Whether the last line of a file has no end. One that another worker is just writing has: the file must not grow
    for 5 ms before it counts as torn.
    """
    before = -1
    while True:
        try:
            size, last = _tail(path)
        except OSError:  # not to be read
            return False
        if last in (b"", b"\n"):
            return False
        if size == before:
            return True
        before = size
        time.sleep(_WRITING)


def _tail(path: str) -> tuple[int, bytes]:
    """The size of a regular file, and its last byte."""
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            return 0, b""
        return status.st_size, os.pread(file.fileno(), 1, status.st_size - 1)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
