"""
Sliding windows that count different values: so many users tried from one address in ten minutes.

As in ``sliding``, with the last event of each value in the place of each event. The ``number`` values seen last are
enough to know.
"""

from typing import Any

from collector.rules.kind import Hit, Outlook, Surroundings
from collector.rules.sliding import Reached
from collector.rules.table import Key, Table

_ARRIVAL, _SERIAL, _TRUE, _NEWEST, _VALUES = range(5)

Values = str | dict[str, tuple[float, float]]
"""The last event (t, a) of each value, the oldest first; a single value, as most keys have, needs no dict."""


class SlidingDistinct:
    """A state is [arrival of the last event, serial, whether the condition was true, newest time, values]."""

    def __init__(self, name: str, number: int, within: float, around: Surroundings) -> None:
        self._name = name
        self._number = number
        self._within = within
        self._counters = around.counters
        self._tail = around.tail
        self.table = Table(around.room, around.counters, within, weigh=lambda state: _number_of(state) - 1)

    def add(self, hit: Hit, key: Key) -> Reached | None:
        value = hit.text(self._name)
        if value is None:
            self._counters.keyless += 1
            return None
        state = self.table.live(key, hit.arrival)
        if state is None:
            state = [hit.arrival, 0.0, False, hit.time, value]
            self.table.add(key, state, hit.arrival)
        else:
            self.table.touch(key)
            self._again(state, value, hit)
        time, was = state[_NEWEST], state[_TRUE]
        state[_SERIAL] = self._tail.add(hit.event, time, state[_SERIAL])
        oldest, came = _oldest(state)
        after, later = time - self._within, hit.arrival - self._within
        state[_TRUE] = true = _number_of(state) == self._number and oldest > after and came > later
        return Reached(self._number, time, state[_SERIAL], after) if true and not was else None

    def _again(self, state: list[Any], value: str, hit: Hit) -> None:
        time = hit.time
        if time < state[_NEWEST]:
            self._counters.late += 1
            time = state[_NEWEST]
        if state[_TRUE] and not self._lasts(state, time, hit.arrival):
            state[_TRUE] = False
        values = state[_VALUES]
        if type(values) is str and values != value:
            state[_VALUES] = values = {values: (state[_NEWEST], state[_ARRIVAL])}
        state[_ARRIVAL], state[_NEWEST] = hit.arrival, time
        if type(values) is dict:
            self._put(values, value, (time, hit.arrival))

    def _put(self, values: dict[str, tuple[float, float]], value: str, seen: tuple[float, float]) -> None:
        known = values.pop(value, None)
        values[value] = seen
        if len(values) > self._number:
            del values[next(iter(values))]
        elif known is None:
            self.table.grow(1, seen[1])

    def _lasts(self, state: list[Any], time: float, arrival: float) -> bool:
        """Whether what was true has been so all the time until now."""
        oldest, came = _oldest(state)
        return oldest >= time - self._within and came >= arrival - self._within

    def outlook(self, hit: Hit, key: Key) -> Outlook:
        state = self.table.get(key)
        if state and self.table.end_of(state) < hit.arrival:
            state = None
        time = max(hit.time, state[_NEWEST]) if state else hit.time
        after, came = time - self._within, hit.arrival - self._within
        left = {value: t for value, (t, a) in _items(state) if t > after and a > came} if state else {}
        ends = min(left.values()) + self._within if left else None
        said = bool(state and state[_TRUE] and self._lasts(state, time, hit.arrival))
        return Outlook(min(len({*left, hit.text(self._name)}), self._number), self._number, ends, said)


def _items(state: list[Any]) -> list[tuple[str, tuple[float, float]]]:
    values: Values = state[_VALUES]
    return [(values, (state[_NEWEST], state[_ARRIVAL]))] if isinstance(values, str) else list(values.items())


def _number_of(state: list[Any]) -> int:
    values: Values = state[_VALUES]
    return 1 if isinstance(values, str) else len(values)


def _oldest(state: list[Any]) -> tuple[float, float]:
    """When the value that was not seen for longest was seen."""
    values: Values = state[_VALUES]
    return (state[_NEWEST], state[_ARRIVAL]) if isinstance(values, str) else next(iter(values.values()))
