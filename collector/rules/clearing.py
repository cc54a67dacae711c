"""
Back to normal: after an alert, at most ``at_most`` events of its key in ``within`` seconds.

The first span that is looked at begins with the alert, so it is never clear sooner than ``within`` after it. With
``at_most: 0`` that is ``within`` after the last event; with more, after the last event but so many. Until then the key
alerts no further, and then it begins anew: as with two thresholds, one for trouble and one for calm.
"""

from array import array
from collections.abc import Callable
from typing import Any

from collector.rules.alarms import Alarms
from collector.rules.kind import Hit, Surroundings
from collector.rules.rule import Clear
from collector.rules.table import Key, Table, weight_of_doubles
from collector.rules.timers import CLEAR

_TOLD, _PAIRS = range(2)


class Clearing:
    """
    Keys that wait for calm. A state is [whether the alert went out, t, a, …]: of the alert, then of the last events.
    ``cleared(key, count, time, at)`` is called when it has come, for alerts that went out.

    How long a key waits changes with each event. So its one alarm is set for the earliest moment, and then again.
    """

    def __init__(self, clear: Clear, around: Surroundings, cleared: Callable[[Key, int, float, float], None]) -> None:
        self._within = clear.within
        self._length = _PAIRS + 2 * (clear.at_most + 1)
        self._around = around
        self._cleared = cleared
        self._alarms = Alarms(around.timers, around.rule.number, CLEAR)
        self.table = _Waiting(around, self._alarms)

    def begin(self, key: Key, time: float, arrival: float, *, told: bool) -> None:
        self.table.add(key, array("d", (told, time, arrival)), arrival)
        self._alarms.set(key, arrival + self._within)

    def waits(self, key: Key, hit: Hit) -> bool:
        """Whether the key is still in trouble, this event included. It may be the event by which it had been calm."""
        state = self.table.get(key)
        if state is None:
            return False
        time = hit.time
        if time < state[-2]:
            self._around.counters.late += 1
            time = state[-2]
        if time >= state[_PAIRS] + self._within:
            self._clear(key, state, hit.arrival)
            return False
        self.table.touch(key)
        state.extend((time, hit.arrival))
        if len(state) > self._length:
            del state[_PAIRS : _PAIRS + 2]
        else:
            self.table.grown(state, 2, hit.arrival)
        return True

    def until(self, key: Key, hit: Hit) -> float | None:
        """When a key that would still wait, this event included, is calm if no other comes; None where none waits."""
        state = self.table.get(key)
        if state is None or hit.time >= state[_PAIRS] + self._within:
            return None
        times: list[float] = [*state[_PAIRS::2], max(hit.time, state[-2])]
        kept = (self._length - _PAIRS) // 2
        return times[-kept:][0] + self._within

    def due(self, due: float) -> None:
        try:
            key = self._alarms.take(due)
            state = None if key is None else self.table.get(key)
            if key is not None and state is not None:
                self._look(key, state, due)
        finally:  # whatever one key has led to, the others wait
            self._alarms.rest()

    def dump(self) -> Any:
        return self.table.dump(), self._alarms.dump()

    def load(self, dumped: Any) -> None:
        table, alarms = dumped
        self.table.load(table)
        self._alarms.load(alarms)

    def _look(self, key: Key, state: "array[float]", now: float) -> None:
        end = state[_PAIRS + 1] + self._within
        if end <= now:
            self._clear(key, state, now)
        else:
            self._alarms.set(key, end)

    def _clear(self, key: Key, state: Any, at: float) -> None:
        self.table.remove(key)
        self._alarms.drop(key)
        if state[_TOLD]:
            after = state[_PAIRS]
            count = sum(1 for time in state[_PAIRS::2] if time > after)
            self._cleared(key, count, after + self._within, at)


class _Waiting(Table):
    """Who is evicted is not waited for."""

    def __init__(self, around: Surroundings, alarms: Alarms) -> None:
        super().__init__(around.room, around.counters, float("inf"), weigh=weight_of_doubles)
        self._alarms = alarms

    def evict(self, now: float) -> None:
        key, _ = self.front()
        super().evict(now)
        self._alarms.drop(key)
