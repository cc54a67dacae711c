"""
One rule at work: its state, and the way from a hit to an alert.

    hit ─▶ hours ─▶ key ─▶ kind ─▶ mute ─▶ limit ─▶ alert
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from collector.rules.alert import Alert
from collector.rules.at_work import is_at_work
from collector.rules.counters import Counters
from collector.rules.event import Event
from collector.rules.holding import Held, Holding, held_in, named
from collector.rules.kind import Firing, Hit, Kind, key_of, key_of_fact, key_text
from collector.rules.kinds import kind_class
from collector.rules.limiter import Limiter
from collector.rules.muting import Between, Mute
from collector.rules.rule import Rule, RuleBook
from collector.rules.table import Key, Room
from collector.rules.tail import Tail
from collector.rules.teller import Ordinals, Teller, Voice, summary
from collector.rules.timers import LIMIT, MUTE, Timers


class Shared(Protocol):
    """What all rules have in common."""

    room: Room
    timers: Timers
    ordinals: Ordinals
    outbox: list[Alert]
    book: RuleBook


class Heard(Protocol):
    """Told whenever a rule has something to say, whether it goes out or not."""

    def __call__(self, firing: Firing) -> None: ...


class Runner:
    """
    ``hit`` is called for each event that fits. A kind finds its surroundings in this (``kind.Surroundings``), and says
    what it has to say with ``fire`` and ``clear``. ``tail`` is how many events it remembers for the records of alerts.
    """

    def __init__(self, rule: Rule, shared: Shared, tail: int) -> None:
        self.rule = rule
        self.number = rule.number
        self.match = rule.condition.match
        self.counters = Counters()
        self.room = shared.room
        self.timers = shared.timers
        self.tail = Tail(tail)
        self._times = rule.times
        self.heard: list[Heard] = []
        self.mutes: list[Mute] = []
        self.rests_until = float("-inf")
        self._shared = shared
        self._voice = Voice(rule.id, rule.alert.severity if rule.alert else "info", rule.destinations)
        self._teller = Teller(rule, self.counters, shared.ordinals, shared.book.zone)
        self._key_of = key_of(rule.by)
        limit, mute = rule.limit, rule.mute
        self.limiter = Limiter(limit, self._holding(limit.per, LIMIT, limit.by, told=limit.summary)) if limit else None
        self.between = Between(mute.by, self._holding(mute.at_most, MUTE, mute.by, told=True)) if mute else None
        self.kind: Kind = kind_class(rule.kind)(self)

    def _holding(self, length: float | None, part: int, by: tuple[str, ...], *, told: bool) -> Holding:
        return Holding(self, length or float("inf"), part, by, self._title, self._tell if told else None)

    def hit(self, event: Event, captures: Mapping[str, str], now: float) -> bool:
        """Whether it counts as one: the rule may not be at work at that hour. ``now`` is the engine's clock."""
        times = self._times
        if times is not None and not is_at_work(times, event.time):
            return False
        self.counters.hits += 1
        hit = Hit(event, captures, event.time, now)
        key = self._key_of(hit)
        if key is None:
            self.counters.keyless += 1
        else:
            self.kind.feed(hit, key)
        return True

    def fire(self, firing: Firing) -> bool:
        """Whether it goes out."""
        for heard in self.heard:
            heard(firing)
        if firing.texts is None:
            return True
        count: int | None = firing.count
        if self._is_muted(firing):
            count = None
        elif self.limiter is not None:
            count = self.limiter.passes(key_of_fact(firing.fact, self.limiter.by), firing)
        if count is None:
            self.counters.suppressed += 1
            return False
        self._out(self._teller.alert(firing, self._shown(firing), count))
        return True

    def clear(self, firing: Firing) -> None:
        """That all is well again: once for each alert that went out, so nothing holds it back."""
        if firing.texts is not None:
            self._out(self._teller.alert(firing, self._shown(firing), firing.count, "clear"))

    def due(self, part: int, due: float, mute: int | None) -> None:
        """A timer of this rule is due; ``mute`` is the number of the one that it is about, if it is about one."""
        if part == LIMIT and self.limiter:
            self.limiter.windows.fire(due)
        elif part == MUTE:
            self._mute_due(due, mute)
        else:
            self.kind.due(part, due)

    def key_facts(self, key: Key) -> Mapping[str, str]:
        return named(self.rule.by, key)

    def dump(self) -> Any:
        voice = self._voice
        return {
            "state_key": self.rule.state_key,
            "voice": asdict(voice),
            "counters": asdict(self.counters),
            "rests_until": self.rests_until,
            "kind": self.kind.dump(),
            "limit": self.limiter and self.limiter.windows.dump(),
            "between": self.between and self.between.windows.dump(),
            "mutes": [asdict(mute) for mute in self.mutes],
        }

    def load(self, dumped: Any) -> bool:
        """Whether the state is taken over: not when the rule is another now, and then only counters and mutes are."""
        for name, value in dumped["counters"].items():
            setattr(self.counters, name, value)
        for mute in dumped["mutes"]:
            self.mutes.append(Mute(**mute))
            self.timers.set(mute["until"], self.rule.number, MUTE, mute["number"])
        if dumped["state_key"] != self.rule.state_key:
            self.counters.timeouts = self.counters.quarantined = 0  # it may have been mended
            return False
        self.rests_until = dumped["rests_until"]
        self.kind.load(dumped["kind"])
        if self.limiter:
            self.limiter.windows.load(dumped["limit"])
        if self.between:
            self.between.windows.load(dumped["between"])
        return True

    def _is_muted(self, firing: Firing) -> bool:
        for mute in self.mutes:
            if mute.covers(firing.fact):
                mute.hold(firing, self._title)
                return True
        between = self.between
        return between is not None and between.holds(key_of_fact(firing.fact, between.by), firing)

    def _mute_due(self, due: float, number: int | None) -> None:
        if number is None:
            if self.between:
                self.between.windows.fire(due)
            return
        for mute in self.mutes:
            if mute.number == number and mute.until <= due:
                self._unmute(mute, due)
                return

    def _unmute(self, mute: Mute, at: float) -> None:
        """It ends; what it has held back is told."""
        self.mutes.remove(mute)
        held = mute.ended(at)
        if held:
            self._tell(held)

    def _shown(self, firing: Firing) -> dict[str, str]:
        """The key of an alert: the rule's, and that of its limit."""
        key = named(self.rule.by, firing.key)
        for name in self.limiter.by if self.limiter else ():
            if name not in key:
                key[name] = key_text(firing.fact(name)) or ""
        return key

    def _title(self, firing: Firing) -> str:
        return self._teller.title(firing, self._shown(firing))

    def _tell(self, held: Held) -> None:
        self._out(summary(self._shared.ordinals, self._voice, held, self._shared.book.zone))

    def _out(self, alert: Alert) -> None:
        self.counters.alerts += 1
        self._shared.outbox.append(alert)


def held_back(dumped: Any, at: float, *, mutes: bool) -> Iterator[Held]:
    """What a rule that was dumped was holding back; with its mutes where these have ended with it."""
    for part in (dumped["limit"], dumped["between"]):
        if part:
            yield from held_in(part, at)
    for mute in dumped["mutes"] if mutes else ():
        held = Mute(**mute).ended(at)
        if held:
            yield held
