"""
Sliding windows: were there so many events of a key, or so many different values, in the last ``within`` seconds?

An event (time t, arrival a) counts until event time t + within or arrival a + within, whichever comes first. Of a key
that has had enough it only matters when its ``number``-th last event leaves, so no more than ``number`` are kept,
however many come.

The condition is a function of time. Where an event leaves at the very moment at which another comes, as in a steady
stream of one per second, it does not become false in between.
"""

from array import array
from dataclasses import dataclass

from collector.rules.kind import Hit, Outlook, Surroundings
from collector.rules.table import Key, Table, weight_of_doubles

_SERIAL, _TRUE, _FIRST = range(3)


@dataclass(frozen=True, slots=True)
class Reached:
    """The condition has become true: with so many, at this event time; ``serial`` and ``since`` find the events."""

    count: int
    time: float
    serial: float
    since: float


class Sliding:
    """Counts events. A state is [serial, whether the condition was true, t, a, t, a, …], the oldest first."""

    def __init__(self, number: int, within: float, around: Surroundings) -> None:
        self._number = number
        self._within = within
        self._counters = around.counters
        self._tail = around.tail
        self._full = _FIRST + 2 * number
        self.table = Table(around.room, around.counters, within, place=-1, weigh=weight_of_doubles)

    def add(self, hit: Hit, key: Key) -> Reached | None:
        time, arrival, table = hit.time, hit.arrival, self.table
        state = table.live(key, arrival)
        if state is None:
            state = array("d", (self._tail.add(hit.event, time, 0.0), 0.0, time, arrival))
            table.add(key, state, arrival)
        else:
            table.touch(key)
            if time < state[-2]:
                self._counters.late += 1
                time = state[-2]
            state[_SERIAL] = self._tail.add(hit.event, time, state[_SERIAL])
            self._append(state, time, arrival)
        return self._judged(state, time, arrival) if len(state) == self._full else None

    def _append(self, state: "array[float]", time: float, arrival: float) -> None:
        full = len(state) == self._full
        if full:
            if state[_TRUE] and not self._lasts(state, time, arrival):
                state[_TRUE] = False
            del state[_FIRST : _FIRST + 2]
        state.append(time)
        state.append(arrival)
        if not full:
            self.table.grown(state, 2, arrival)

    def _judged(self, state: "array[float]", time: float, arrival: float) -> Reached | None:
        """Whether a full state has become true by this event."""
        since = time - self._within
        true = state[_FIRST] > since and state[_FIRST + 1] > arrival - self._within
        was, state[_TRUE] = state[_TRUE], true
        return Reached(self._number, time, state[_SERIAL], since) if true and not was else None

    def _lasts(self, state: "array[float]", time: float, arrival: float) -> bool:
        """Whether a full state has been true all the time until now."""
        return state[_FIRST] >= time - self._within and state[_FIRST + 1] >= arrival - self._within

    def outlook(self, hit: Hit, key: Key) -> Outlook:
        state = self.table.get(key) or array("d")
        if state and self.table.end_of(state) < hit.arrival:
            state = array("d")
        time = max(hit.time, state[-2]) if state else hit.time
        pairs = zip(state[_FIRST::2], state[_FIRST + 1 :: 2], strict=True)
        left = [t for t, a in pairs if t > time - self._within and a > hit.arrival - self._within]
        ends = left[0] + self._within if left else None
        said = bool(state and state[_TRUE] and self._lasts(state, time, hit.arrival))
        return Outlook(min(len(left) + 1, self._number), self._number, ends, said)
