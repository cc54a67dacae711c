"""
The files that are written now and have to be rotated some day; a few hundred of them are looked at in one go.

Those that the configuration names are known from the start. Which files a path with fields leads to is told by the
workers that open them: what else lies in the folder is none of our business.
"""

import math
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from collector.protocol.columns import COLUMNS
from collector.service.rotating.birth import birth
from collector.sinks.file import FileOptions
from collector.sinks.old_files import real_path
from collector.sinks.paths import PathTemplate, file_name
from collector.sinks.periods import began
from collector.sinks.rotation import RotateOptions

_BUDGET = 0.003
_AT_ONCE = 500
_REMEMBERED = 3 * 3600.0
_MOST = 20_000


def rotating(destinations: Iterable[object]) -> Iterator[tuple[str, RotateOptions]]:
    """Of a plan's destinations the paths of those that are rotated, as written, and how."""
    for options in destinations:
        if isinstance(options, FileOptions) and options.rotate is not None:
            yield options.file, options.rotate


@lru_cache(maxsize=10_000)
def literal(path: str) -> str | None:
    """The path as it is opened; None when it depends on the message."""
    return PathTemplate(path, allowed=COLUMNS).literal if "{" in path else path


@dataclass(slots=True)
class Live:
    """
    A path and what is known of its file. ``real`` is where it leads, other than ``path`` only for a link.

    ``began`` is when the first of its lines was written, ``changed`` when the last one was, as far as we have seen;
    ``newest`` is the time in the name of the last rotated file, ``rotated`` when that was. It is not to be tried before
    ``rest_until``, which is monotonic.
    """

    path: str
    label: str
    options: RotateOptions
    named: bool
    real: str
    inode: tuple[int, int] = (0, 0)
    size: int = 0
    changed: float = math.inf
    began: float = 0.0
    newest: datetime | None = None
    rotated: float = 0.0
    rest_until: float = 0.0


class LiveFiles:
    """``look`` gives those that are due. ``zone`` decides when a day begins; times are seconds since 1970."""

    def __init__(self, zone: tzinfo, born: Callable[[bytes], float | None] = birth) -> None:
        self._zone = zone
        self._born = born
        self._options: dict[str, RotateOptions] = {}
        self._live: dict[str, Live] = {}
        self._queue: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._live)

    def change(self, destinations: Iterable[object], now: float) -> None:
        """Use the options of this plan. What is known of files that are still rotated is kept."""
        self._options = dict(rotating(destinations))
        for path, live in list(self._live.items()):
            if live.label in self._options:
                live.options = self._options[live.label]
            else:
                del self._live[path]
        for label in self._options:
            named = literal(label)
            if named is not None and named not in self._live:
                self._add(named, label, named=True)
                self._due(self._live[named], now, {})  # before a worker writes to it
        self._queue = deque(self._live)

    def opened(self, label: str, paths: Iterable[str]) -> None:
        """A worker writes to ``paths``, or did, for the destination ``label``, a path with fields."""
        if label not in self._options:
            return
        for path in paths:
            if path not in self._live:
                self._add(path, label, named=False)
                self._queue.append(path)

    def unnamed(self) -> list[tuple[str, str]]:
        """Destination and path of those that no configuration names."""
        return [(live.label, path) for path, live in self._live.items() if not live.named]

    def _add(self, path: str, label: str, *, named: bool) -> None:
        if len(self._live) >= _MOST:
            self._forget_idle()
        self._live[path] = Live(path, label, self._options[label], named, path)

    def _forget_idle(self) -> None:
        """Paths with a date in them are ever new: a quarter of the files goes, those that nobody wrote to lately."""
        idle = sorted((live for live in self._live.values() if not live.named), key=lambda live: live.changed)
        for live in idle[: _MOST // 4]:
            del self._live[live.path]

    def look(self, now: float, monotonic: float) -> Iterator[Live]:
        """Of the next few hundred, or all if there are less, those that are due."""
        starts: dict[str, float] = {}
        ends = time.monotonic() + _BUDGET
        for _ in range(min(_AT_ONCE, len(self._queue))):
            live = self._live.get(self._queue.popleft())
            if live is None:
                continue
            if monotonic >= live.rest_until and self._due(live, now, starts):
                yield live
            if live.path in self._live:
                self._queue.append(live.path)
            if time.monotonic() > ends:
                break

    def _due(self, live: Live, now: float, starts: dict[str, float]) -> bool:
        status = self._status(live)
        if status is None:
            if not live.named and now > live.rotated + _REMEMBERED:
                del self._live[live.path]
            return False
        if not stat.S_ISREG(status.st_mode):
            return False
        self._watch(live, status, now)
        options = live.options
        if options.size is not None and status.st_size >= options.size:
            return True
        if options.every is None or status.st_size == 0:
            return False
        if options.every not in starts:
            starts[options.every] = began(options.every, now, self._zone)
        return live.began < starts[options.every]

    def _status(self, live: Live) -> os.stat_result | None:
        """Of the file to rotate: a link that the configuration names is followed, others are not ours."""
        try:
            status = os.lstat(file_name(live.path))
            live.real = live.path
            if live.named and stat.S_ISLNK(status.st_mode):
                live.real = real_path(live.path)
                status = os.lstat(file_name(live.real))
        except OSError:
            return None
        return status

    def _watch(self, live: Live, status: os.stat_result, now: float) -> None:
        """Keep track of when the content began: with the file, unless it was emptied since."""
        inode, size = (status.st_dev, status.st_ino), status.st_size
        if size == 0 or (inode == live.inode and size < live.size):
            live.began = now
        elif inode != live.inode and live.options.every:
            live.began = max(self._birth(live, status), live.rotated)
        live.began = min(live.began, now)  # a clock that was wrong
        live.inode, live.size, live.changed = inode, size, status.st_mtime

    def _birth(self, live: Live, status: os.stat_result) -> float:
        """Where the file system does not know, all that is certain: something was written at the time of its change."""
        try:
            return self._born(file_name(live.real)) or status.st_mtime
        except OSError:
            return status.st_mtime
