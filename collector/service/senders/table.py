"""
All senders of all workers, in the supervisor: what ``collector status --senders`` shows.

The table is bounded. When it is full, the sender not heard of for longest goes into the sum of ``others``; first among
those that were heard only once, so that a flood of made-up addresses does not push out the senders one knows.

Times are of the monotonic clock, which all processes of a machine share.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from collector.service.senders.source_senders import OTHERS

LIMIT = 10_000

_MINUTE = 60.0
_STEADY = 60.0  # seconds: so long a clock is off, and by the same so many, until it is believed to be wrong


@dataclass(slots=True)
class Numbers:
    """Sums over messages; ``problems`` and ``drops`` by what was the matter."""

    messages: int = 0
    charsets: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    drops: dict[str, int] = field(default_factory=dict)

    def add(
        self, messages: int, charsets: Mapping[str, int], problems: Mapping[str, int], drops: Mapping[str, int]
    ) -> None:
        self.messages += messages
        for sums, more in ((self.charsets, charsets), (self.problems, problems), (self.drops, drops)):
            for name, number in more.items():
                sums[name] = sums.get(name, 0) + number

    def row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("messages", "charsets", "problems", "drops")}


@dataclass(slots=True)
class Clock:
    """
    What a sender's stamps say of its clock: ``skew`` in seconds, positive when it is ahead, and the ``zone`` that would
    explain it.

    Late messages look like a clock that is behind, but not always by the same. So a clock is wrong when it was off by
    the same for a minute, in every message that was looked at.
    """

    skew: float
    zone: str | None
    at: float
    off_by: float | None = None
    off_since: float = 0.0

    def saw(self, skew: float, zone: str | None, now: float, tolerance: float) -> None:
        self.skew, self.zone, self.at = skew, zone, now
        if abs(skew) <= tolerance:
            self.off_by = None
        elif self.off_by is None or abs(skew - self.off_by) > _STEADY:
            self.off_by, self.off_since = skew, now

    @property
    def wrong(self) -> bool:
        return self.off_by is not None and self.at - self.off_since >= _STEADY


@dataclass(slots=True)
class Sender:
    """
    ``number`` grows from one new sender to the next. ``last`` is when it was heard of, at the latest a second after it
    sent; ``first`` None: it never sent, but is ``expected`` to. After ``patience`` seconds without a message it is
    ``silent``. ``clock_told``: when its clock was spoken of.
    """

    name: str
    number: int
    last: float
    patience: float = math.inf
    first: float | None = None
    kinds: list[str] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)
    clock: Clock | None = None
    expected: bool = False
    silent: bool = False
    clock_told: float = -math.inf
    weight: float = 0.0

    @property
    def clock_is_wrong(self) -> bool:
        return self.clock is not None and self.clock.wrong

    def hear(self, kind: str, messages: int, now: float) -> None:
        self.weight = self.weight * math.exp((self.last - now) / _MINUTE) + messages
        self.last = now
        if self.first is None:
            self.first = now
        if kind not in self.kinds:
            self.kinds.append(kind)

    def rate(self, now: float) -> float:
        """Messages per second, of late: what came a minute ago counts a third of what comes now."""
        if self.first is None:
            return 0.0
        known = 1.0 - math.exp((self.first - 1.0 - now) / _MINUTE)  # the first report was of the second before
        return self.weight * math.exp((self.last - now) / _MINUTE) / (_MINUTE * known)

    def row(self, now: float, wall: float) -> dict[str, Any]:
        """As the control socket tells it; ``first_seen`` and ``last_seen`` are seconds since 1970."""
        clock = self.clock
        return {
            "via": self.kinds,
            "first_seen": None if self.first is None else round(wall - now + self.first, 3),
            "last_seen": None if self.first is None else round(wall - now + self.last, 3),
            "rate": round(self.rate(now), 3),
            **self.numbers.row(),
            "clock_skew": clock and clock.skew,
            "clock_zone": clock and clock.zone,
            "clock_wrong": self.clock_is_wrong,
            "silent": self.silent,
        }


class Heard(NamedTuple):
    """Senders of a report: the ``new`` ones, and those that were silent, each with the seconds for which it was."""

    new: list[Sender]
    back: list[tuple[Sender, float]]


class SenderTable:
    """
    ``tolerance``: seconds a clock may be off. ``patience_of(name)``: seconds a sender may be silent.
    ``others``: the sums of those that had no place any more; ``forgotten`` of them had one before.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.tolerance = math.inf
        self.patience_of: Callable[[str], float] = lambda _name: math.inf
        self.others = Numbers()
        self.forgotten = 0
        self._limit = limit
        self._rows: dict[str, Sender] = {}
        self._once: OrderedDict[str, None] = OrderedDict()
        self._often: OrderedDict[str, None] = OrderedDict()
        self._made = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Sender]:
        return iter(self._rows.values())

    def get(self, name: str) -> Sender | None:
        return self._rows.get(name)

    def change(self, tolerance: float, patience_of: Callable[[str], float]) -> None:
        """From now on; also for the senders that are known."""
        self.tolerance, self.patience_of = tolerance, patience_of
        for sender in self._rows.values():
            sender.patience = patience_of(sender.name)

    def expect(self, name: str, now: float) -> None:
        """Have a place, for good, for a sender that may not have sent yet."""
        sender = self._rows.get(name) or self._make(name, now)
        sender.expected = True
        self._once.pop(name, None)
        self._often.pop(name, None)

    def hear(self, report: Iterable[list[Any]], now: float) -> "Heard":
        """A worker's report (``Change.told``)."""
        heard = Heard([], [])
        for name, kind, messages, charsets, problems, drops, skew in report:
            if name == OTHERS:
                self.others.add(messages, charsets, problems, drops)
                continue
            sender = self._rows.get(name) or self._make(name, now)
            self._touch(sender)
            sender.numbers.add(messages, charsets, problems, drops)
            if sender.first is None:
                heard.new.append(sender)
            if sender.silent:
                heard.back.append((sender, now - sender.last))
                sender.silent = False
            sender.hear(kind, messages, now)
            if skew is not None:
                self._saw_clock(sender, skew[0], skew[1], now)
        return heard

    def _saw_clock(self, sender: Sender, skew: float, zone: str | None, now: float) -> None:
        if sender.clock is None:
            sender.clock = Clock(skew, zone, now)
        sender.clock.saw(skew, zone, now, self.tolerance)

    def _make(self, name: str, now: float) -> Sender:
        if len(self._once) + len(self._often) >= self._limit:
            self._evict()
        self._made += 1
        sender = self._rows[name] = Sender(name, self._made, now, self.patience_of(name))
        return sender

    def _touch(self, sender: Sender) -> None:
        """The second time, a sender becomes one that is heard often."""
        name = sender.name
        if sender.expected:
            return
        if name in self._often:
            self._often.move_to_end(name)
        elif name in self._once:
            del self._once[name]
            self._often[name] = None
        else:
            self._once[name] = None

    def _evict(self) -> None:
        oldest = self._once if self._once and (len(self._once) >= self._limit // 10 or not self._often) else self._often
        name, _ = oldest.popitem(last=False)
        numbers = self._rows.pop(name).numbers
        self.others.add(numbers.messages, numbers.charsets, numbers.problems, numbers.drops)
        self.forgotten += 1

    def page(self, after: int, most: int) -> list[Sender]:
        """Senders in the order in which they were first heard of, from the one behind number ``after``."""
        return list(islice((sender for sender in self._rows.values() if sender.number > after), most))
