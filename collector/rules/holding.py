"""
What is held back, for a time, and told at its end: the part that limits and mutes have in common.

A window holds, for a key, [arrival and event time of its beginning, a number of its owner's, events held back, event
time of the last of them]. The title of the first alert that is held back is kept for the summary.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collector.rules.kind import Firing, Surroundings, brief
from collector.rules.table import Ending, Key, Windows, unpack, values_of

ARRIVAL, START, OWN, HELD, LAST = range(5)


@dataclass(frozen=True, slots=True)
class Held:
    """So many events of a key were held back, the last of them at ``time``; told ``at`` that time of the clock."""

    key: Mapping[str, str]
    title: str
    count: int
    time: float
    at: float


class Holding(Windows):
    """``title_of`` gives the title an alert would have had; ``tell`` is called for windows that held something back."""

    def __init__(
        self,
        around: Surroundings,
        length: float,
        part: int,
        by: tuple[str, ...],
        title_of: Callable[[Firing], str],
        tell: Callable[[Held], None] | None,
    ) -> None:
        ending = Ending(around.timers, around.rule.number, part, self._ended)
        super().__init__(around.room, around.counters, length, ending)
        self._by = by
        self._titles: dict[Key, str] = {}
        self._title_of = title_of
        self._tell = tell

    def begin(self, key: Key, time: float, arrival: float) -> "array[float]":
        state = array("d", (arrival, time, 0.0, 0.0, 0.0))
        self.add(key, state, arrival)
        return state

    def is_over(self, state: "array[float]", time: float, arrival: float) -> bool:
        return time >= state[START] + self.lifetime or arrival >= state[ARRIVAL] + self.lifetime

    def hold(self, key: Key, state: "array[float]", firing: Firing) -> None:
        state[HELD] += firing.count
        state[LAST] = firing.time
        if self._tell and key not in self._titles:
            self._titles[key] = brief(self._title_of(firing))

    def evict(self, now: float) -> None:
        """What it has held back is told all the same."""
        key, state = self.front()
        super().evict(now)
        self._ended(key, state, now)

    def _ended(self, key: Key, state: Any, at: float) -> None:
        title = self._titles.pop(key, None)
        if self._tell and title is not None and state[HELD]:
            self._tell(Held(named(self._by, key), title, int(state[HELD]), state[LAST], at))

    def dump(self) -> Any:
        return {"by": self._by, "table": super().dump(), "titles": dict(self._titles)}

    def load(self, dumped: Any) -> None:
        self._titles = dict(dumped["titles"])
        super().load(dumped["table"])


def held_in(dumped: Any, at: float) -> Iterator[Held]:
    """What the windows of a dump were holding back."""
    keys, packed = dumped["table"]
    for key, state in zip(keys, unpack(packed), strict=True):
        if state[HELD] and key in dumped["titles"]:
            yield Held(named(dumped["by"], key), dumped["titles"][key], int(state[HELD]), state[LAST], at)


def named(names: tuple[str, ...], key: Key) -> dict[str, str]:
    """A key as alerts show it."""
    return dict(zip(names, values_of(key), strict=True)) if names else {}
