r"""
Records as we write them (format ``json``, ``collector parse``) → rows as the receiver saw them.

    {"timestamp": "2026-07-23T15:54:31+09:00", "received_at": "…", "facility": "auth", "severity": "info", …}

Time of arrival, PRI, peer and whose time counts are all in it, so rules see what they saw then. The line that they
search is put together again from the fields, as ``app[pid]: message``; NTsyslog's ``security[failure]`` is known by
``Channel`` and ``EntryType`` among its ``fields``.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import compress
from typing import Any

from collector.batch import Odd
from collector.protocol.framing import Frames
from collector.protocol.render import Moment, Pair
from collector.rules.event import Event, LaterEvent
from collector.service.check_rules.json_row import parsed_row, record_of, visible
from collector.service.check_rules.json_scan import rows_of
from collector.service.check_rules.virtual_clock import VirtualClock
from collector.service.watching.shown import Shown


class JsonBlock:
    """
    ``shown`` is what a prefilter scans, ``arrivals`` when each row came; ``unread`` counts lines that are no records,
    which have no row.
    """

    skewed = 0

    def __init__(self, frames: Frames, source: str, clock: VirtualClock) -> None:
        self._block = frames if isinstance(frames, bytes) else b"".join([frame + b"\n" for frame in frames])
        found = rows_of(self._block)
        self._kept = [row is not None for row in found] if None in found else ()
        self._rows = [row for row in found if row is not None]
        self._source = source
        self.unread = len(found) - len(self._rows)
        self.arrivals: Sequence[float] = clock.given([received for _, received, _ in self._rows])
        self.shown = Shown("".join([line for line, _, _ in self._rows]).encode("utf-8", "replace"), ())

    def event(self, number: int) -> Event:
        line, received, time = self._rows[number]
        return LaterEvent(line.partition(">")[2][:-1], time, received, self._source, _read, self._lines[number])

    @cached_property
    def _lines(self) -> Sequence[bytes]:
        """Those that are records."""
        lines = self._block[:-1].split(b"\n")
        return list(compress(lines, self._kept)) if self._kept else lines


def _read(line: bytes, _arrival: float) -> tuple[Pair, Moment]:
    record = record_of(parsed_row(line))
    shown = f"{record.stamp} {visible(record.hostname or '-', record.charset)} {record.text}"
    return (Odd(record, record, shown, shown), record.peer), Moment(record.received_at, _never)


def _never(*_asked: object) -> Any:
    raise AssertionError("a record knows its time")
