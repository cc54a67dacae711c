"""
Who sends, as one worker sees it: for every sender what has changed since the supervisor was told.

    came, problem, dropped ──▶ Change, one per sender ──▶ reports(), once a second, oldest first ──▶ sender_table.py

A sender is an address without its port, so that a machine stays one sender through all its connections. Nothing is
remembered here but what is not told yet; a worker that dies takes at most that with it. The totals of ``status`` are
counted elsewhere and stay exact.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from collector.protocol.hosts import address_of
from collector.protocol.interpret import Interpreter
from collector.protocol.skew import ENOUGH, skew_of

LIMIT = 10_000
"""Senders of one source with something to tell; further ones are ``OTHERS`` until there is room."""

OTHERS = "(others)"

PER_REPORT = 400
"""Senders in one report, which fits into a datagram of 200 KB whatever is told of them."""

_REPORTS = 4  # of one source, in one turn
_SAMPLES = 50  # messages looked at for their sender's clock, per source and turn: 20 µs each

Tell = Callable[[list[list[Any]]], bool]
"""Takes a report, a list with one entry per sender as ``Change.told`` makes it; False when it could not be sent."""


@lru_cache(maxsize=4096)
def sender_of(peer: str | None) -> str:
    """The sender whose peer, an address with a port, this is."""
    return address_of(peer) if peer else OTHERS


@dataclass(slots=True)
class Change:
    """
    Of one sender, since it was last reported. ``problems`` and ``drops`` are messages by what was the matter;
    ``sample`` is the beginning of one, its peer, and when it came.
    """

    messages: int = 0
    charsets: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    drops: dict[str, int] = field(default_factory=dict)
    sample: tuple[bytes, str, float] | None = None

    def told(self, sender: str, kind: str, interpreter: Interpreter) -> list[Any]:
        """``[sender, kind of source, messages, charsets, problems, drops, [seconds of skew, zone] or None]``"""
        skew = self._skew(interpreter)
        return [sender, kind, self.messages, self.charsets, self.problems, self.drops, skew]

    def _skew(self, interpreter: Interpreter) -> list[Any] | None:
        if self.sample is None:
            return None
        message, peer, at = self.sample
        skew = skew_of(message, peer, datetime.fromtimestamp(at, interpreter.zone), interpreter)
        return skew and [round(skew.seconds, 3), skew.zone]


class SourceSenders:
    """
    The senders of one source; what ``sources`` know as ``Senders``. ``kind`` is that of the source.

    Of each sender one message a turn is wanted as a sample; when there are many senders, each has a turn of its own.
    """

    def __init__(self, kind: str, wall: Callable[[], float] = time.time) -> None:
        self._kind = kind
        self._wall = wall
        self._changes: dict[str, Change] = {}
        self._wanted = _SAMPLES
        self._turns = 1
        self._turn = 0

    def all_came(self, numbers: Mapping[str, int]) -> list[str]:
        """``came`` for each of many; returns those of whom a sample is wanted."""
        changes = self._changes
        new = []
        for sender, messages in numbers.items():
            change = changes.get(sender)
            if change is None:
                new.append(sender)
            else:
                change.messages += messages
        return [sender for sender in new if self.came(sender, numbers[sender])]

    def came(self, sender: str, messages: int) -> bool:
        """So many messages came. True: the first of them is wanted as a sample."""
        change = self._changes.get(sender)
        if change is not None:
            change.messages += messages
            return False
        self._change(sender).messages += messages
        if not self._wanted or hash(sender) % self._turns != self._turn:
            return False
        self._wanted -= 1
        return True

    def sample(self, sender: str, peer: str, message: bytes) -> None:
        if sender in self._changes:
            self._changes[sender].sample = message[:ENOUGH], peer, self._wall()

    def charset(self, sender: str, name: str) -> None:
        _add(self._change(sender).charsets, name, 1)

    def problem(self, sender: str, what: str) -> None:
        _add(self._change(sender).problems, what, 1)

    def dropped(self, sender: str, reason: str, messages: int = 1) -> None:
        _add(self._change(sender).drops, reason, messages)

    def _change(self, sender: str) -> Change:
        change = self._changes.get(sender)
        if change is None:
            name = sender if len(self._changes) < LIMIT else OTHERS
            change = self._changes.setdefault(name, Change())
        return change

    def report(self, tell: Tell, interpreter: Interpreter) -> None:
        """
        Tell what has changed, the oldest changes first, and no more than a moment's worth; what could not be told stays
        for the next time. Begins a new turn of samples.
        """
        self._wanted = _SAMPLES
        self._turns = 2 * len(self._changes) // _SAMPLES + 1  # half of the samples are for turns with more than others
        self._turn = (self._turn + 1) % self._turns
        for _ in range(_REPORTS):
            oldest = list(islice(self._changes.items(), PER_REPORT))
            if not oldest or not tell([change.told(sender, self._kind, interpreter) for sender, change in oldest]):
                return
            for sender, _ in oldest:
                del self._changes[sender]


def _add(numbers: dict[str, int], name: str, number: int) -> None:
    numbers[name] = numbers.get(name, 0) + number
