"""Wakes a reader that waits: an eventfd(2), made before the fork of both processes and inherited by them."""

import contextlib
import os


class Bell:
    """
    One may be rung by many writers. To miss nothing: wait until it can be read, ``hush`` it, and only then read the
    journals until nothing is there.
    """

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._fd

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # rung 2**64 - 1 times and not heard once: it is loud enough
            os.eventfd_write(self._fd, 1)

    def hush(self) -> bool:
        """Whether it had been rung since the last time."""
        try:
            os.eventfd_read(self._fd)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._fd)
