"""Finished lines by the file that their host name leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.sinks.paths import SafePaths
from collector.templates import TemplateError

_SECONDS_REMEMBERED = 60.0
_HOSTS_REMEMBERED = 100_000

HostRow = tuple[Any, ...]
"""
A PRI, the finished line, and its host name: bytes, as a line that is well formed shows it, or a tuple of the one in the
record that the tolerant parser made, which may be None.
"""


@dataclass(frozen=True, slots=True)
class NoPath:
    """Why a row goes nowhere: a ``reason`` to count, and a sentence about the first such row."""

    reason: str
    why: str = field(compare=False)


Path = str | NoPath


def path_for(paths: SafePaths, values: Mapping[str, Any], now: float) -> Path:
    try:
        return paths.path_for(values, now) or NoPath("too_many_files", "the path has filled max_paths files")
    except TemplateError as error:
        return NoPath("bad_path", str(error))


class ByHost(dict[Any, list[bytes]]):
    """
    The lines of each host. Hosts with one path have one list, so that their lines keep their order.

        lists.add(rows, now)      # lists[host].append(line)
        lists.take()              # {path: lines}, and nothing is left

    Which path belongs to a host is remembered for a minute: ``SafePaths`` wants to hear which paths are in use.
    """

    def __init__(self, paths: SafePaths) -> None:
        super().__init__()
        self._paths = paths
        self._path_of: dict[Any, Path] = {}
        self._by_path: dict[Path, list[bytes]] = {}
        self._now = 0.0
        self._since = float("-inf")

    def add(self, rows: Sequence[HostRow], now: float) -> None:
        self._now = now
        for row in rows:
            self[row[2]].append(row[1])

    def take(self) -> dict[Path, list[bytes]]:
        taken, self._by_path = self._by_path, {}
        self.clear()
        if not 0 <= self._now - self._since < _SECONDS_REMEMBERED or len(self._path_of) > _HOSTS_REMEMBERED:
            self._path_of.clear()
            self._since = self._now
        return taken

    def __missing__(self, host: Any) -> list[bytes]:
        path = self._path_of[host] if host in self._path_of else self._look_up(host)
        lines = self._by_path.get(path)
        if lines is None:
            lines = self._by_path[path] = []
        self[host] = lines
        return lines

    def _look_up(self, host: Any) -> Path:
        hostname = host.decode() if isinstance(host, bytes) else host[0]
        path = self._path_of[host] = path_for(self._paths, {"hostname": hostname}, self._now)
        return path
