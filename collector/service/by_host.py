"""Finished lines by the file that their host name, and perhaps their date, leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.protocol.render import Moment
from collector.sinks.paths import SafePaths
from collector.templates import TemplateError

FIELDS = frozenset({"hostname", "timestamp", "received_at"})
"""What a path may be made of here."""

_STAMP = 15
"""Bytes at the beginning of a line: ``Nov  2 12:00:00``."""
_SECONDS_REMEMBERED = 60.0
_HOSTS_REMEMBERED = 100_000

HostRow = tuple[Any, ...]
"""
A PRI, the finished line, and its host name: bytes, as a line that is well formed shows it, or a tuple of the host name
and the time, where the line does not show both: a datetime, or the stamp of RFC 5424.
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
    The lines of each host, or, where the path has their time in it, of each host and second. Those with one path have
    one list, so that their lines keep their order.

        lists.add(rows, moment)      # lists[host].append(line)
        lists.take()                 # {path: lines}, and nothing is left

    Which path belongs to a host is remembered for a minute: ``SafePaths`` wants to hear which paths are in use.
    """

    def __init__(self, paths: SafePaths) -> None:
        super().__init__()
        self._paths = paths
        self._dated = "timestamp" in paths.template.variables
        self._path_of: dict[Any, Path] = {}
        self._by_path: dict[Path, list[bytes]] = {}
        self._grains: dict[bytes, Any] = {}  # of the stamps of the present batch
        self._moment: Moment | None = None
        self._day: object = None
        self._now = 0.0
        self._since = float("-inf")

    def add(self, rows: Sequence[HostRow], moment: Moment) -> None:
        self._moment, self._now = moment, moment.received_at.timestamp()
        self._grains.clear()  # how far off the clock a stamp may be depends on the clock
        if "received_at" in self._paths.template.variables:
            self._turn_page(self._paths.grain(moment.received_at))
        if self._dated:
            for row in rows:
                self[row[1][:_STAMP], row[2]].append(row[1])
        else:
            for row in rows:
                self[row[2]].append(row[1])

    def take(self) -> dict[Path, list[bytes]]:
        taken, self._by_path = self._by_path, {}
        self.clear()
        if not 0 <= self._now - self._since < _SECONDS_REMEMBERED or len(self._path_of) > _HOSTS_REMEMBERED:
            self._path_of.clear()
            self._since = self._now
        return taken

    def _turn_page(self, day: object) -> None:
        """Other paths belong to the hosts when another day, or whatever the path shows of it, has come."""
        if day != self._day:
            self._day = day
            self._path_of.clear()
            self.clear()

    def __missing__(self, key: Any) -> list[bytes]:
        host = (self._grain(*key), key[1]) if self._dated else key
        path = self._path_of.get(host) or self._look_up(key, host)
        lines = self._by_path.get(path)
        if lines is None:
            lines = self._by_path[path] = []
        self[key] = lines
        return lines

    def _look_up(self, key: Any, host: Any) -> Path:
        assert self._moment is not None
        values = {"hostname": _name(host[1] if self._dated else host), "received_at": self._moment.received_at}
        if self._dated:
            values["timestamp"] = self._time(*key)
        path = self._path_of[host] = path_for(self._paths, values, self._now)
        return path

    def _grain(self, stamp: bytes, host: Any) -> Any:
        """What the path shows of a row's time."""
        if isinstance(host, tuple):
            return self._paths.grain(self._time(stamp, host))
        if stamp not in self._grains:
            self._grains[stamp] = self._paths.grain(self._time(stamp, host))
        return self._grains[stamp]

    def _time(self, stamp: bytes, host: Any) -> Any:
        assert self._moment is not None
        shown = host[1] if isinstance(host, tuple) else stamp
        return self._moment.time_of(shown.decode(), "", None).time if isinstance(shown, bytes) else shown


def _name(host: Any) -> Any:
    name = host[0] if isinstance(host, tuple) else host
    return name.decode() if isinstance(name, bytes) else name
