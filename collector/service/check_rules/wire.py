"""
Blocks of messages as they came over the wire, or as a file of any syslogd shows them: what the rules make of them.

Of a row that no rule wants, little more is found out than its time, and that for all neighbours of one stamp at once.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from collector.batch import Batch, Fix, Odd
from collector.protocol.interpret import Interpreter
from collector.protocol.policy import DAY
from collector.protocol.render import Moment, Pair, Resolved
from collector.rules.event import Event, LaterEvent
from collector.service.check_rules.runs import Runs
from collector.service.check_rules.shapes import Shape, shape_of
from collector.service.check_rules.stamps import StampTimes
from collector.service.check_rules.virtual_clock import VirtualClock, is_used
from collector.service.watching.shown import Shown

_SKEWED = ("clock_skew",)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How the messages of a log are read. Years that stamps do not name are those before ``latest``; ``source`` is what
    events say of where they came from.
    """

    interpreter: Interpreter
    latest: datetime
    source: str


class WireBlock:
    """``shown`` is what a prefilter scans, ``arrivals`` when each row came, ``skewed`` how many had a useless stamp."""

    unread = 0

    def __init__(self, batch: Batch, reading: Reading, clock: VirtualClock) -> None:
        shape = shape_of(batch.text, zoned=bool(reading.interpreter.zones))
        found = shape.show(batch.text)
        self._batch = batch
        self._text = found.text
        self._rows = WireRows(reading, shape)
        self._odd = {number: self._read(number, reading.latest) for number in _odd_rows(found.stamps, batch.fixes)}
        times = _with_odd(StampTimes(reading.interpreter, self._rows.moment).times(found), self._odd)
        self.arrivals = clock.arrivals(times)
        self.skewed = _skewed(times, self.arrivals)
        self._ends, self._named, self._came = _places(times, self.arrivals)
        for number in self._odd:
            if times[number] is None:  # it is shown with the time at which it came
                self._odd[number] = self._read(number, self._rows.at(self.arrivals[number]))
        lines = [(number, f"<{odd.record.pri}>{odd.line}\n".encode()) for number, odd in self._odd.items()]
        self.shown = Shown(found.text, lines)

    def event(self, number: int) -> Event:
        place = bisect_right(self._ends, number) if self._ends else number
        named, arrival = self._named[place], self._came[place]
        time = named if named is not None and is_used(named, arrival) else arrival
        odd = self._odd.get(number)
        if odd is not None:
            return Event(*self._rows.of_odd(odd, arrival), arrival, self._rows.source, time)
        line = self._shown_lines[number].partition(">")[2]
        return LaterEvent(line, time, arrival, self._rows.source, self._rows.read, self._lines[number])

    def _read(self, number: int, received_at: datetime) -> Odd:
        return self._rows.odd(self._lines[number], self._batch.fixes.get(number), received_at)

    @cached_property
    def _lines(self) -> Sequence[str]:
        """As they came."""
        return self._batch.text.decode().split("\n")

    @cached_property
    def _shown_lines(self) -> Sequence[str]:
        return self._lines if self._text is self._batch.text else self._text.decode().split("\n")


class WireRows:
    """How a row is read of which somebody wants to know more than its line. ``moment`` reads stamps."""

    def __init__(self, reading: Reading, shape: Shape) -> None:
        self.source = reading.source
        self.moment = reading.interpreter.moment(reading.latest)
        self._reading = reading
        self._shape = shape
        self._last: tuple[tuple[float, str, str], Moment] | None = None

    def at(self, arrival: float) -> datetime:
        return datetime.fromtimestamp(arrival, self._reading.interpreter.zone)

    def odd(self, line: str, fix: Fix | None, received_at: datetime) -> Odd:
        return self._reading.interpreter.read(line, fix, None, received_at)

    def read(self, raw: str, arrival: float) -> tuple[Pair, Moment]:
        row = self._shape.split(f"{raw}\n")
        if row is None:
            return self.of_odd(self.odd(raw, None, self._reading.latest), arrival)
        stamp = row[9].partition(" ")[0] or row[2]  # a header that has been rewritten stands behind the row as it was
        return (row, None), self._moment_of(stamp, row[3], arrival)

    def of_odd(self, odd: Odd, arrival: float) -> tuple[Pair, Moment]:
        record = replace(odd.record, received_at=self.at(arrival))
        if record.time_source == "sender":
            time, source, marks = self._judged(record.timestamp, arrival)
            record = replace(record, timestamp=time, time_source=source, marks=(*record.marks, *marks))
        return (odd._replace(record=record), None), self._moment_of("", "", arrival)

    def _moment_of(self, stamp: str, host: str, arrival: float) -> Moment:
        """What the rows of one arrival, stamp and host share."""
        key = arrival, stamp, host
        if self._last is None or self._last[0] != key:
            resolved = partial(self._resolved, stamp, host, arrival)
            self._last = key, Moment(self.at(arrival), lambda *_: resolved())
        return self._last[1]

    def _resolved(self, stamp: str, host: str, arrival: float) -> Resolved:
        found = self.moment.time_of(stamp, host, None)
        if found.source == "sender":
            return self._judged(found.time, arrival)
        return self.at(arrival), found.source, ("bad_timestamp",)

    def _judged(self, time: datetime, arrival: float) -> Resolved:
        if is_used(time.timestamp(), arrival):
            return time, "sender", ()
        return time, "arrival", _SKEWED


def _odd_rows(stamps: Sequence[bytes], fixes: Iterable[int]) -> list[int]:
    """Rows that are read one by one: those without a stamp, and those which came with other text than they have."""
    found = set(fixes)
    if isinstance(stamps, Runs):
        found.update(end - 1 for end, stamp in zip(stamps.ends, stamps.values, strict=True) if not stamp)
    elif b"" in stamps:
        found.update(number for number, stamp in enumerate(stamps) if not stamp)
    return sorted(found)


def _with_odd(times: Sequence[float | None], odd: Mapping[int, Odd]) -> Sequence[float | None]:
    """The same with the times of rows that were read one by one."""
    if not odd:
        return times
    found = list(times)
    for number, one in odd.items():
        found[number] = one.record.timestamp.timestamp() if one.record.time_source == "sender" else None
    return found


def _skewed(times: Sequence[float | None], arrivals: Sequence[float]) -> int:
    """How many have a time that is not used."""
    known = [time for time in (times.values if isinstance(times, Runs) else times) if time is not None]
    if not known or (max(known) - min(known) <= DAY and arrivals[-1] - min(known) <= DAY):
        return 0  # none is more than a day from any other, so the clock has gone along with all of them
    pairs = zip(times, arrivals, strict=True)
    return sum(time is not None and not is_used(time, arrival) for time, arrival in pairs)


def _places(
    times: Sequence[float | None], arrivals: Sequence[float]
) -> tuple[Sequence[int], Sequence[float | None], Sequence[float]]:
    """Where the runs end, with times and arrivals of each; or else nothing, with those of each row."""
    if isinstance(times, Runs) and isinstance(arrivals, Runs):
        return times.ends, times.values, arrivals.values
    return (), list(times), arrivals
