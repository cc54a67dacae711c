"""
Anchored windows: one begins with the first event of a key and ends after ``within``; the next event begins another.

A window that began with an event (t, a) ends at event time t + within, which is known as soon as an event of the key is
that late, or at arrival a + within. At least so many is known in between, and the rest of the window is silent. At
most, fewer than and just so many are only known at its end.
"""

import operator
from array import array
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from collector.rules.kind import Hit, Outlook, Surroundings
from collector.rules.rule import Count
from collector.rules.sliding import Reached
from collector.rules.table import Ending, Key, Table, Windows
from collector.rules.timers import WINDOW

_ARRIVAL, _START, _NEWEST, _COUNT, _SAID, _SERIAL, _VALUES, _FACTS = range(8)

AT_END = {"lt": operator.lt, "lte": operator.le, "eq": operator.eq}
"""Comparisons of which the end of a window decides."""


class Ended(Protocol):
    """Told of a window whose end has something to say: at that time of the engine's clock, with what was kept."""

    def __call__(self, key: Key, reached: Reached, at: float, facts: Mapping[str, Any]) -> None: ...


class Anchored:
    """
    A state is [arrival, time, newest time, count, whether it was said, serial] of a window. Where need be it is a list
    and goes on: {value: None}, no more of them than it takes to know that there are too many, and the facts that
    ``keep`` takes from the first event for the alert at the end.
    """

    def __init__(
        self, count: Count, within: float, around: Surroundings, ended: Ended, keep: Callable[[Hit], Mapping[str, Any]]
    ) -> None:
        self._number, self._name = count.number, count.distinct
        self._within = within
        self._around = around
        self._ended = ended
        self._keep = keep
        self._fits = AT_END.get(count.comparison)
        self._most = self._number + (1 if self._fits else 0)
        self.table = self._table()

    def _table(self) -> Table:
        around = self._around
        if self._fits is None:
            return Table(around.room, around.counters, self._within, weigh=_weight_of_more)
        ending = Ending(around.timers, around.rule.number, WINDOW, self._end)
        return Windows(around.room, around.counters, self._within, ending, _weight_of_more)

    def add(self, hit: Hit, key: Key) -> Reached | None:
        value = hit.text(self._name) if self._name else ""
        if value is None:
            self._around.counters.keyless += 1
            return None
        state = self._window(hit, key)
        if hit.time < state[_NEWEST]:
            self._around.counters.late += 1
        else:
            state[_NEWEST] = hit.time
        state[_SERIAL] = self._around.tail.add(hit.event, state[_NEWEST], state[_SERIAL])
        self._count(state, value, hit.arrival)
        if self._fits or state[_SAID] or state[_COUNT] < self._number:
            return None
        state[_SAID] = True
        return self._reached(state, state[_NEWEST])

    def _window(self, hit: Hit, key: Key) -> Any:
        """The one that this event falls into; it may be the first of a new one."""
        state = self.table.get(key)
        if state is not None and self._is_over(state, hit):
            self._drop(key, hit.arrival)
            state = None
        if state is None:
            state = array("d", (hit.arrival, hit.time, hit.time, 0.0, 0.0, 0.0))
            facts = self._keep(hit) if self._fits else {}
            if self._name or facts:
                state = [*state, {}, facts]
            self.table.add(key, state, hit.arrival)
        return state

    def _is_over(self, state: Any, hit: Hit) -> bool:
        ended: bool = hit.time >= state[_START] + self._within or hit.arrival >= state[_ARRIVAL] + self._within
        return ended

    def _drop(self, key: Key, now: float) -> None:
        """End a window; where the end decides, it does so now."""
        if isinstance(self.table, Windows):
            self.table.end(key, now)
        else:
            self.table.remove(key)

    def _count(self, state: Any, value: str, arrival: float) -> None:
        if not self._name:
            state[_COUNT] += 1
            return
        values = state[_VALUES]
        if value not in values and len(values) < self._most:
            values[value] = None
            state[_COUNT] = len(values)
            if len(values) > 1:
                self.table.grow(1, arrival)

    def _end(self, key: Key, state: Any, at: float) -> None:
        if self._fits and self._fits(state[_COUNT], self._number):
            facts = state[_FACTS] if isinstance(state, list) else {}
            self._ended(key, self._reached(state, state[_START] + self._within), at, facts)

    def _reached(self, state: Any, time: float) -> Reached:
        return Reached(int(state[_COUNT]), time, state[_SERIAL], float("-inf"))

    def outlook(self, hit: Hit, key: Key) -> Outlook:
        state = self.table.get(key)
        if state is None or self._is_over(state, hit):
            return Outlook(1, self._number, hit.time + self._within, at_end=bool(self._fits))
        count = len({*state[_VALUES], hit.text(self._name)}) if self._name else int(state[_COUNT]) + 1
        ends = state[_START] + self._within
        return Outlook(count, self._number, ends, said=bool(state[_SAID]), at_end=bool(self._fits))


def _weight_of_more(state: Any) -> int:
    """Values and facts count as keys do."""
    return max(len(state[_VALUES]) - 1, 0) + len(state[_FACTS]) if isinstance(state, list) else 0
