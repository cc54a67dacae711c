"""
The files a worker has open: at most so many, the least recently used closed first.

A name that no longer leads to the file that is open — moved by logrotate, deleted by hand — is noticed within a second
and opened anew; nobody has to send a signal.
"""

import os
from collections import Counter, OrderedDict
from collections.abc import Callable

from collector.sinks.opener import OpenFolders
from collector.sinks.paths import file_name

_CHARACTERS = 20_000  # of which JSON makes six bytes each, at worst


class OpenFiles:
    """
    ``told`` hears of each file that is opened to stay so, or closed: a class of events, and a sentence. ``opened``
    counts how often a file had to be opened, ``folders`` are where it was, ``waiting`` are those who wait for a disk.
    """

    def __init__(self, limit: int, told: Callable[[str, str], None] = lambda _event, _sentence: None) -> None:
        self.limit = limit
        self.opened = 0
        self.folders = OpenFolders()
        self.waiting: set[object] = set()
        self._told = told
        self._open: OrderedDict[str, int] = OrderedDict()
        self._owner: dict[str, object] = {}
        self._new: list[tuple[str, str]] = []
        self._count = Counter[object]()

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
        while len(self._open) >= self.limit:
            self.forget(next(iter(self._open)))
        self.opened += 1
        fd = self._open[path] = opener(path)
        self._owner[path] = owner
        self._told("file opened", f"Opened {path}.")
        self._count[owner] += 1
        return fd

    def get(self, path: str) -> int | None:
        """The descriptor of ``path`` if it is open."""
        return self._open.get(path)

    def forget(self, path: str) -> None:
        fd = self._open.pop(path, None)
        if fd is not None:
            self._count[self._owner.pop(path)] -= 1
            os.close(fd)
            self._told("file closed", f"Closed {path}.")

    def forget_owner(self, owner: object) -> None:
        """Close everything that was opened for ``owner``."""
        for path in [path for path, who in self._owner.items() if who is owner]:
            self.forget(path)
        self._count.pop(owner, None)

    def announce(self, label: str, path: str) -> None:
        """A destination that is rotated has opened ``path``, which the supervisor cannot know of."""
        self._new.append((label, path))

    def announced(self) -> tuple[str, list[str]]:
        """The oldest announcements of one destination, as many as one datagram takes; none: an empty list."""
        label = self._new[0][0] if self._new else ""
        paths: list[str] = []
        size = 0
        for name, path in self._new:
            size += len(path)
            if name != label or (paths and size > _CHARACTERS):
                break
            paths.append(path)
        return label, paths

    def forget_announced(self, count: int) -> None:
        """The oldest ``count`` have been told."""
        del self._new[:count]

    def count_of(self, owner: object) -> int:
        """How many are open for ``owner``."""
        return self._count[owner]

    def forget_moved(self) -> None:
        """Close every file whose name leads elsewhere or nowhere, and the folders: they are walked to anew."""
        for path in [path for path, fd in self._open.items() if _moved(path, fd)]:
            self.forget(path)
        self.folders.close()

    def close(self) -> None:
        """Close all; they are opened again when there is something to write (USR1, HUP)."""
        for path in list(self._open):
            self.forget(path)
        self.folders.close()


def _moved(path: str, fd: int) -> bool:
    try:
        named = os.stat(file_name(path))
    except OSError:
        return True
    opened = os.fstat(fd)
    return (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino)
