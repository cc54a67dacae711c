"""
Blocks of messages as they came over the wire, or as a file of any syslogd shows them: what the rules make of them.

Of a row that no rule wants, little more is found out than its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from collector.batch import Batch, Odd
from collector.protocol.interpret import Interpreter
from collector.protocol.render import Moment, Pair, Resolved
from collector.rules.event import Event
from collector.service.check_rules.shapes import shape_of
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

    def __init__(self, batch: Batch, reading: Reading, clock: VirtualClock) -> None:
        self._reading = reading
        self._batch = batch
        self._shape = shape_of(batch.text)
        shown = self._shape.show(batch.text)
        self._stamps, self._hosts = shown.stamps, shown.hosts
        self._zoned = bool(reading.interpreter.zones)
        self._moment = reading.interpreter.moment(reading.latest)
        self._lines: Sequence[bytes] = ()
        self._odd = {
            number: self._read(number, reading.latest)
            for number, stamp in enumerate(self._stamps)
            if not stamp or number in batch.fixes
        }
        self._times = self._named_times()
        self.arrivals = clock.arrivals(self._times)
        pairs = zip(self._times, self.arrivals, strict=True)
        self.skewed = sum(time is not None and not is_used(time, arrival) for time, arrival in pairs)
        for number in self._odd:
            if self._times[number] is None:  # it is shown with the time at which it came
                self._odd[number] = self._read(number, self._at(number))
        self.shown = Shown(
            shown.text, [(number, f"<{odd.record.pri}>{odd.line}\n".encode()) for number, odd in self._odd.items()]
        )
        self.unread = 0
        self._last: tuple[float, bytes, bytes, Moment] | None = None

    def event(self, number: int) -> Event:
        named, arrival = self._times[number], self.arrivals[number]
        time = named if named is not None and is_used(named, arrival) else arrival
        return Event(self._pair(number), self._moment_of(number), arrival, self._reading.source, time)

    def _pair(self, number: int) -> Pair:
        odd = self._odd.get(number)
        if odd is None:
            row = self._shape.split(f"{self._line(number)}\n")
            if row:
                return row, None
            odd = self._read(number, self._reading.latest)
        record = odd.record
        if record.time_source == "sender":
            time, source, marks = self._judged(number, record.timestamp)
            record = replace(record, timestamp=time, time_source=source, marks=(*record.marks, *marks))
        return odd._replace(record=replace(record, received_at=self._at(number))), None

    def _moment_of(self, number: int) -> Moment:
        """What the rows of one arrival, stamp and host share."""
        key = self.arrivals[number], self._stamps[number], self._hosts[number] if self._zoned else b""
        if self._last is None or self._last[:3] != key:
            self._last = (*key, Moment(self._at(number), lambda *_: self._resolved(number)))
        return self._last[3]

    def _resolved(self, number: int) -> Resolved:
        time, source, marks = self._sent(number)
        return self._judged(number, time) if source == "sender" else (self._at(number), source, marks)

    def _judged(self, number: int, time: datetime) -> Resolved:
        if is_used(time.timestamp(), self.arrivals[number]):
            return time, "sender", ()
        return time, "arrival", _SKEWED

    def _sent(self, number: int) -> Resolved:
        """The time that a stamp names."""
        found = self._moment.time_of(self._stamps[number].decode(), self._hosts[number].decode(), None)
        return found.time, found.source, () if found.source == "sender" else ("bad_timestamp",)

    def _named_times(self) -> list[float | None]:
        times = StampTimes(self._reading.interpreter, self._moment).times(self._stamps, self._hosts)
        for number, odd in self._odd.items():
            times[number] = odd.record.timestamp.timestamp() if odd.record.time_source == "sender" else None
        return times

    def _read(self, number: int, received_at: datetime) -> Odd:
        line, fix = self._line(number), self._batch.fixes.get(number)
        return self._reading.interpreter.read(line, fix, None, received_at)

    def _line(self, number: int) -> str:
        if not self._lines:
            self._lines = self._batch.text.split(b"\n")
        return self._lines[number].decode()

    def _at(self, number: int) -> datetime:
        return datetime.fromtimestamp(self.arrivals[number], self._reading.interpreter.zone)
