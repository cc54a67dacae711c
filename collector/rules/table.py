"""
The state of a rule, by key: what was touched last is at the end, and what is at the front goes first.

A state is an ``array`` of doubles wherever that will do: a million keys then take half the memory that objects take,
and the garbage collector never looks at them. A place in each state holds the arrival that counts for it, so every
table knows from its front what is over.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from collector.rules.counters import Counters
from collector.rules.timers import Timers

Key = str | tuple[str, ...]
"""One value, or several; "" where a rule has no ``by``."""

DOUBLES_PER_UNIT = 32
"""So many take about as much memory as a key."""

_AT_ONCE = 4
"""Keys that are forgotten when one comes: more than come, so that a table cannot grow by what is over."""


class Room:
    """
    What all tables may hold together, in units: a key is one, and a large state counts for several. When it is used up
    the table that comes loses its own front if it has more than its share; otherwise the largest does. So a rule that
    is flooded with keys pays for itself. Before that everything that is over goes, so that who has to go does not
    depend on what was tidied up when.
    """

    def __init__(self, units: int) -> None:
        self.units = units
        self.used = 0
        self._tables: list[Table] = []
        self._swept = float("-inf")

    def open(self, table: "Table") -> None:
        self._tables.append(table)

    def count(self, table: "Table", units: int) -> None:
        self.used += units
        table.units += units

    def take(self, table: "Table", units: int, now: float) -> None:
        self.count(table, units)
        if self.used > self.units and now > self._swept:
            self._swept = now
            for one in self._tables:
                one.forget(now, len(one))
        while self.used > self.units:
            own = table.units * len(self._tables) > self.units
            victim = table if own else max(self._tables, key=lambda other: other.units)
            if len(victim) < 2:
                return
            victim.evict(now)


class Table:
    """
    ``place`` is where in a state the arrival stands from which it lives for ``lifetime`` seconds. ``weigh`` tells how
    many units a state takes beside its key; who lets one grow says so with ``grow``.
    """

    def __init__(
        self,
        room: Room,
        counters: Counters,
        lifetime: float,
        place: int = 0,
        weigh: Callable[[Any], int] = lambda _: 0,
    ) -> None:
        self.units = 0
        self.lifetime = lifetime
        self._room = room
        self._counters = counters
        self._place = place
        self._weigh = weigh
        self._states: OrderedDict[Key, Any] = OrderedDict()
        self.get = self._states.get
        self.touch = self._states.move_to_end
        room.open(self)

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._states)

    def live(self, key: Key, now: float) -> Any:
        """The state of a key unless it is over: what was not yet forgotten must count no more than what was."""
        state = self._states.get(key)
        if state is None or state[self._place] + self.lifetime >= now:
            return state
        self.remove(key)
        return None

    def add(self, key: Key, state: Any, now: float) -> None:
        self.forget(now, _AT_ONCE)
        self._states[key] = state
        self._room.take(self, 1 + self._weigh(state), now)

    def grow(self, units: int, now: float) -> None:
        self._room.take(self, units, now)

    def grown(self, state: "array[float]", doubles: int, now: float) -> None:
        """A state that is weighed by its length has become longer by so many."""
        length = len(state)
        if length // DOUBLES_PER_UNIT > (length - doubles) // DOUBLES_PER_UNIT:
            self._room.take(self, 1, now)

    def remove(self, key: Key) -> Any:
        """The state that was there; None when there was none."""
        state = self._states.pop(key, None)
        if state is not None:
            self._room.count(self, -1 - self._weigh(state))
        return state

    def end_of(self, state: Any) -> float:
        end: float = state[self._place] + self.lifetime
        return end

    def front(self) -> tuple[Key, Any]:
        key = next(iter(self._states))
        return key, self._states[key]

    def forget(self, now: float, most: int) -> None:
        """Drop what is over; it says nothing any more, so when this is done does not matter."""
        while self._states and most:
            key, state = self.front()
            if self.end_of(state) >= now:
                return
            self.remove(key)
            most -= 1

    def evict(self, now: float) -> None:
        """Drop the front to make room."""
        key, state = self.front()
        if self.end_of(state) >= now:
            self._counters.evicted += 1
        self.remove(key)

    def dump(self) -> Any:
        return list(self._states), pack(self._states.values())

    def load(self, dumped: Any) -> None:
        """Nobody has to go for it: that was decided when it was not yet a dump."""
        keys, packed = dumped
        for key, state in zip(keys, unpack(packed), strict=True):
            self._states[key] = state
            self._room.count(self, 1 + self._weigh(state))


@dataclass(frozen=True, slots=True)
class Ending:
    """When windows end: the timer to be set, and ``call(key, state, at)`` for each; it has left the table by then."""

    timers: Timers
    rule: int
    part: int
    call: Callable[[Key, Any, float], None]


class Windows(Table):
    """
    Windows of one length, a key each, in the order in which they began: ``place`` 0 is the arrival of the event that
    began it. When a window ends is told, on time. One timer, for the first of them, is enough for all.
    """

    def __init__(
        self,
        room: Room,
        counters: Counters,
        lifetime: float,
        ending: Ending,
        weigh: Callable[[Any], int] = lambda _: 0,
    ) -> None:
        super().__init__(room, counters, lifetime, weigh=weigh)
        self._ending = ending
        self._waits = False

    def add(self, key: Key, state: Any, now: float) -> None:
        self._states[key] = state
        self._wait()
        self._room.take(self, 1 + self._weigh(state), now)

    def end(self, key: Key, now: float) -> None:
        """Before its time on this clock: an event came that is later."""
        self._ending.call(key, self.remove(key), now)

    def fire(self, due: float) -> None:
        """The timer is due."""
        self._waits = False
        try:
            if self._states:
                key, state = self.front()
                if self.end_of(state) <= due:
                    self.end(key, due)
        finally:  # whatever one key has led to, the others wait
            self._wait()

    def forget(self, now: float, most: int) -> None:
        """Each is told of instead."""

    def load(self, dumped: Any) -> None:
        super().load(dumped)
        self._wait()

    def _wait(self) -> None:
        if self._states and not self._waits and self.lifetime != float("inf"):
            self._waits = True
            ending = self._ending
            ending.timers.set(self.end_of(self.front()[1]), ending.rule, ending.part)


def pack(states: Iterable[Any]) -> Any:
    """A copy: arrays as one array and their lengths, as to pickle one block takes no time; lists as they are."""
    whole, lengths = array("d"), array("L")
    others: list[list[Any]] = []
    for state in states:
        if isinstance(state, array):
            whole.extend(state)
            lengths.append(len(state))
        else:
            others.append(_copied(state))
    return whole, lengths, others


def unpack(packed: Any) -> Iterator[Any]:
    whole, lengths, others = packed
    at = 0
    for length in lengths:
        yield whole[at : at + length]
        at += length
    yield from map(_copied, others)


def _copied(state: list[Any]) -> list[Any]:
    return [part.copy() if isinstance(part, dict) else part for part in state]


def weight_of_doubles(state: "array[float]") -> int:
    """A long array counts as several keys."""
    return len(state) // DOUBLES_PER_UNIT


def values_of(key: Key) -> tuple[str, ...]:
    """The values of a key; none where a rule has no ``by``."""
    return key if isinstance(key, tuple) else (key,)
