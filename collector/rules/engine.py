"""
The engine: events in, alerts out. The same one for what arrives now, for a replay and for ``check-rules``.

It asks no clock. Its own is the clock of arrival: the latest of all arrivals and of the times given to ``advance``.
Before an event is judged, every timer that is due by its arrival has fired, each at its own time. Windows are measured
in event time. Why it is so: ``docs/decisions/0016-two-clocks-for-rules.md``.

    engine = Engine(book)
    engine.feed(event, [3, 17])          rules 3 and 17 may fit
    engine.advance(now)                  time goes on
    alerts, engine.outbox = engine.outbox, []
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Self

from collector.rules.alert import Alert
from collector.rules.counters import Counters
from collector.rules.event import Event
from collector.rules.guard import At, RuleTimeout
from collector.rules.kind import Firing, key_of_fact
from collector.rules.muting import Between, Mute
from collector.rules.rule import RuleBook
from collector.rules.runner import Runner, held_back
from collector.rules.table import Room
from collector.rules.teller import Ordinals, Voice, summary
from collector.rules.timers import MUTE, Timers
from collector.rules.trace import Trace, trace

Judge = Callable[[Runner, Event], bool]

KEYS = 1_000_000
"""Keys that all rules together may hold."""

_VERSION = 1
_TIMEOUTS = 3
_QUARANTINE, _LONGEST_QUARANTINE = 600.0, 86_400.0
"""Seconds; each one is twice as long as that before."""
_REMEMBERED = 8_192
_LEAST_REMEMBERED, _MOST_REMEMBERED = 16, 1_024


class Engine:
    """
    ``outbox`` holds the alerts since it was last emptied, in order. ``at`` tells a ``Guard`` what is being matched.
    ``keys`` is how many all rules together may hold. ``stopwatch`` gives seconds, where the cost of each rule is to be
    measured.
    """

    def __init__(self, book: RuleBook, *, keys: int = KEYS, stopwatch: Callable[[], float] | None = None) -> None:
        self.book = book
        self.clock = float("-inf")
        self.at: At = None
        self.outbox: list[Alert] = []
        self.room = Room(keys)
        self.timers = Timers()
        self.ordinals = Ordinals()
        self._try = _timed(self._judge, stopwatch) if stopwatch else self._judge
        self._serial = 0
        self._mutes = 0
        self._forgot = float("-inf")
        self._turns: list[Callable[[], None]] = []
        tail = _share_of_records(book)
        self._runners = [Runner(rule, self, tail) for rule in book.rules]
        self._by_id = {runner.rule.id: runner for runner in self._runners}
        self._floors = _floors(book)
        self._all = range(len(book.rules))
        for runner in self._runners:
            self._listen(runner)

    @property
    def counters(self) -> dict[str, Counters]:
        """What was counted, by the id of the rule."""
        return {rule: runner.counters for rule, runner in self._by_id.items()}

    def feed(self, event: Event, candidates: Sequence[int] | None = None) -> None:
        """Judge an event by the rules of these numbers, ascending; None is all. Whatever it holds, nothing raises."""
        if event.arrival > self.clock:  # noqa: PLR1730 - max() would take longer than all else here
            self.clock = event.arrival
        if self.timers.next <= self.clock:
            self._fire()
        self._serial += 1
        passed: dict[str, float] | None = None
        for number in self._all if candidates is None else candidates:
            runner = self._runners[number]
            if runner.counters.quarantined and not self._is_released(runner):
                continue
            if passed and number < passed.get(runner.rule.set, 0):
                continue
            if self._try(runner, event) and number in self._floors:
                passed = passed or {}
                passed[runner.rule.set] = self._floors[number]
        if self._turns:
            self._take_turns()

    def advance(self, now: float) -> None:
        """It is that late: fire what is due. To be called now and then, never ahead of a row that is still to come."""
        self.clock = max(self.clock, now)
        self._fire()
        if self.clock >= self._forgot + 1:
            self._forgot = self.clock
            for runner in self._runners:
                runner.kind.forget(self.clock)

    def report(self) -> dict[str, dict[str, int | float]]:
        """The same for JSON."""
        return {rule: asdict(runner.counters) for rule, runner in self._by_id.items()}

    def mute(self, rule: str, key: Mapping[str, str] | None, until: float) -> bool:
        """
        Hold back the alerts of a rule, or those whose fields have the values of ``key``, until then. For what is muted
        already the new time counts, and one that is past ends it. Returns whether there is such a rule.
        """
        runner = self._by_id.get(rule)
        if runner is None:
            return False
        until = max(until, self.clock)
        mute = next((mute for mute in runner.mutes if mute.key == key), None)
        if mute is None:
            self._mutes += 1
            mute = Mute(self._mutes, rule, key, until)
            runner.mutes.append(mute)
        mute.until = until
        self.timers.set(until, runner.rule.number, MUTE, mute.number)
        self._fire()
        return True

    def mutes(self) -> list[dict[str, Any]]:
        """What is muted by ``mute``, in the order in which it was, for JSON."""
        mutes = sorted((mute for runner in self._runners for mute in runner.mutes), key=lambda mute: mute.number)
        return [{"rule": mute.rule, "key": mute.key, "until": mute.until, "held": mute.held} for mute in mutes]

    def trace(self, event: Event) -> list[Trace]:
        """What every rule would make of an event, and why; nothing changes by it."""
        return trace(self._runners, self._floors, event, max(self.clock, event.arrival))

    def dump(self) -> Any:
        """All state as plain data, which can be pickled, and loaded into a newer book."""
        return {
            "version": _VERSION,
            "clock": self.clock,
            "serial": self._serial,
            "mutes": self._mutes,
            "ordinals": list(self.ordinals.counts.items()),
            "rules": {rule: runner.dump() for rule, runner in self._by_id.items()},
        }

    @classmethod
    def load(
        cls,
        book: RuleBook,
        dumped: Any,
        *,
        keys: int = KEYS,
        stopwatch: Callable[[], float] | None = None,
    ) -> Self:
        """
        An engine for this book that goes on where another was dumped. Rules that are the same keep their state; what
        others have held back is told at once. Raises ValueError for a dump of another version.
        """
        if dumped["version"] != _VERSION:
            raise ValueError(f"version {dumped['version']}, not {_VERSION}")
        engine = cls(book, keys=keys, stopwatch=stopwatch)
        engine._take_over(dumped)
        return engine

    def begun_anew(self, now: float) -> Self:
        """
        An engine for the same rules whose clock begins at ``now``, which may be earlier than that of this one. What is
        held back is told, what was counted for keys is forgotten; counters and mutes stay.
        """
        dumped = self.dump() | {"clock": now}
        for state in dumped["rules"].values():
            state["state_key"] = None
        return type(self).load(self.book, dumped, keys=self.room.units)

    def _take_over(self, dumped: Any) -> None:
        self.clock, self._serial, self._mutes = dumped["clock"], dumped["serial"], dumped["mutes"]
        self.ordinals.counts.update(dumped["ordinals"])
        for rule, state in dumped["rules"].items():
            runner = self._by_id.get(rule)
            if runner is not None and runner.load(state):
                continue
            for held in held_back(state, self.clock, mutes=runner is None):
                self.outbox.append(summary(self.ordinals, Voice(**state["voice"]), held, self.book.zone))
                if runner is not None:
                    runner.counters.alerts += 1

    def _judge(self, runner: Runner, event: Event) -> bool:
        """Whether the rule was hit."""
        self.at = runner.number, self._serial
        try:
            captures = runner.match(event)
            self.at = None  # from here on nothing is ended
            return captures is not None and runner.hit(event, captures, self.clock)
        except RuleTimeout:
            self._timed_out(runner)
        except Exception:  # noqa: BLE001 - one rule's trouble, whatever it is, is none of the others'
            self.at = None
            runner.counters.errors += 1
        self.at = None
        return False

    def _timed_out(self, runner: Runner) -> None:
        counters = runner.counters
        counters.timeouts += 1
        if counters.timeouts >= _TIMEOUTS:
            counters.quarantined = 1
            again = min(counters.timeouts - _TIMEOUTS, 16)
            runner.rests_until = self.clock + min(_QUARANTINE * 2**again, _LONGEST_QUARANTINE)

    def _is_released(self, runner: Runner) -> bool:
        """Whoever sends the lines by which a rule was caught must not be rid of it for ever."""
        if self.clock < runner.rests_until:
            return False
        runner.counters.quarantined = 0
        return True

    def _fire(self) -> None:
        """Every timer that is due, each at its own time."""
        timers = self.timers
        while timers.next <= self.clock:
            timer = timers.pop()
            runner = self._runners[timer.rule]
            try:
                runner.due(timer.part, timer.due, timer.mute)
            except Exception:  # noqa: BLE001 - as in _judge
                runner.counters.errors += 1
            if self._turns:
                self._take_turns()

    def _listen(self, runner: Runner) -> None:
        mute, between = runner.rule.mute, runner.between
        if not mute or not between:
            return
        self._by_id[mute.start].heard.append(partial(self._begin_after, between))
        self._by_id[mute.end].heard.append(partial(self._end_after, between))

    def _begin_after(self, between: Between, firing: Firing) -> None:
        key = key_of_fact(firing.fact, between.by)
        self._turns.append(partial(between.begin, key, firing.time, firing.at))

    def _end_after(self, between: Between, firing: Firing) -> None:
        self._turns.append(partial(between.end, key_of_fact(firing.fact, between.by), firing.at))

    def _take_turns(self) -> None:
        """Silences begin and end when all rules have judged the event."""
        turns, self._turns = self._turns, []
        for turn in turns:
            turn()


def _timed(judge: Judge, stopwatch: Callable[[], float]) -> Judge:
    def try_it(runner: Runner, event: Event) -> bool:
        began = stopwatch()
        hit = judge(runner, event)
        runner.counters.seconds += stopwatch() - began
        return hit

    return try_it


def _share_of_records(book: RuleBook) -> int:
    """How many events each rule remembers for the records of its alerts."""
    rules = sum(1 for rule in book.rules if rule.kind != "match") or 1
    return min(max(_REMEMBERED // rules, _LEAST_REMEMBERED), _MOST_REMEMBERED)


def _floors(book: RuleBook) -> dict[int, float]:
    """For each rule of an ordered set after whose hit others are left out: the next number that is tried."""
    floors: dict[int, float] = {}
    numbers = {rule.id: rule.number for rule in book.rules}
    for rules in (rule_set.rules for rule_set in book.sets if rule_set.ordered):
        for rule in rules:
            if rule.then == "stop":
                floors[rule.number] = float("inf")
            elif rule.then != "next":
                floors[rule.number] = numbers[rule.then[1]]
    return floors
