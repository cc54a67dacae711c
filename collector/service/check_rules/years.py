"""
The year of stamps that name none, where somebody says in which year a log begins.

    year 2025:   Nov 30 …   Dec 31 …  │  Jan  1 …         2025, 2025, 2026

A month that is half a year or more before the one so far is of the next year; the last months of a year that come in
the first ones of the next are late.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import groupby

from collector.protocol.framing import Frames
from collector.protocol.timestamp import MONTHS

_NAMES = "|".join(MONTHS)
_MONTH = re.compile(rf"(?:[0-9]+ )?(?:<[0-9]{{1,3}}>)?({_NAMES}) [ 0-9][0-9] ".encode())
_PRI_BEFORE = "(?:<[0-9]{1,3}>)?"
_MONTH_OF_LINES = re.compile(
    rf"^{_PRI_BEFORE}({_NAMES}) [ 0-9][0-9] .*+(?:\n{_PRI_BEFORE}\1 [ 0-9][0-9] .*+)*+".encode(), re.MULTILINE
)
"""Lines that follow each other and name one month."""

_NUMBERS = {name.encode(): number for number, name in enumerate(MONTHS)}
_HALF, _EARLY, _LATE = 6, 3, 10


class Years:
    """``zone`` is that of the stamps."""

    def __init__(self, year: int, zone: tzinfo) -> None:
        self._year = year
        self._zone = zone
        self._month: int | None = None

    def split(self, frames: Frames) -> Iterator[tuple[Frames, datetime]]:
        """Messages of one year each, in order, with the time before which theirs are."""
        if isinstance(frames, bytes):
            yield from self._lines(frames)
            return
        for year, some in groupby(frames, key=self._year_of_frame):
            yield list(some), self._latest(year)

    def _lines(self, block: bytes) -> Iterator[tuple[bytes, datetime]]:
        begin, year = 0, None
        for found in _MONTH_OF_LINES.finditer(block):
            next_year = self._year_of(found[1])
            if year not in {None, next_year}:
                assert year is not None
                yield block[begin : found.start()], self._latest(year)
                begin = found.start()
            year = next_year
        yield block[begin:], self._latest(year or self._year)

    def _year_of_frame(self, frame: bytes) -> int:
        found = _MONTH.match(frame)
        return self._year_of(found[1]) if found else self._year

    def _year_of(self, name: bytes) -> int:
        month = _NUMBERS[name]
        before = month if self._month is None else self._month
        if before <= _EARLY and month >= _LATE:
            return self._year - 1
        if before - month >= _HALF:
            self._year += 1
            self._month = month
        else:
            self._month = max(before, month)
        return self._year

    def _latest(self, year: int) -> datetime:
        """The last moment at which a stamp without a year is one of this year (``resolve_year``)."""
        return datetime(year + 1, 1, 1, tzinfo=self._zone) - timedelta(days=1, microseconds=1)
