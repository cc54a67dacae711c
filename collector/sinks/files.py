"""
The files a worker has open: at most so many, the least recently used closed first.

A name that no longer leads to the file that is open — moved by logrotate, deleted by hand — is noticed within a second
and opened anew; nobody has to send a signal.
"""

import os
from collections import Counter, OrderedDict
from collections.abc import Callable

from collector.sinks.paths import file_name


class OpenFiles:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: OrderedDict[str, int] = OrderedDict()
        self._owner: dict[str, object] = {}

    def __len__(self) -> int:
        return len(self._open)

    def fd(self, path: str, opener: Callable[[str], int], owner: object) -> int:
        """
        The descriptor of ``path``, from ``opener`` if it is not open yet; ``owner`` is who asks.

        Raises:
            OSError, CollectorError: what ``opener`` raises.
        """
        fd = self._open.get(path)
        if fd is not None:
            self._open.move_to_end(path)
            return fd
        while len(self._open) >= self._limit:
            self.forget(next(iter(self._open)))
        fd = self._open[path] = opener(path)
        self._owner[path] = owner
        return fd

    def forget(self, path: str) -> None:
        fd = self._open.pop(path, None)
        if fd is not None:
            del self._owner[path]
            os.close(fd)

    def count_by_owner(self) -> Counter[object]:
        return Counter(self._owner.values())

    def forget_moved(self) -> None:
        """Close every file whose name leads elsewhere or nowhere."""
        for path in [path for path, fd in self._open.items() if _moved(path, fd)]:
            self.forget(path)

    def close(self) -> None:
        """Close all; they are opened again when there is something to write (USR1, HUP)."""
        for path in list(self._open):
            self.forget(path)


def _moved(path: str, fd: int) -> bool:
    try:
        named = os.stat(file_name(path))
    except OSError:
        return True
    opened = os.fstat(fd)
    return (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino)
