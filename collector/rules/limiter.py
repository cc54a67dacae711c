"""
How many alerts of a key go out, as ``limit.py`` reads it.

A window begins with the first alert of a key and ends after ``per``: by event time, as soon as an alert of the key is
that late, or else by arrival. What it holds back is told at its end, or, with ``every``, by the next alert that goes
out.
"""

from collector.rules.holding import HELD, OWN, Holding
from collector.rules.kind import Firing, Hit
from collector.rules.limit import Limit
from collector.rules.table import Key


class Limiter:
    """``passes`` tells for each alert whether it goes out, and for how many events it then stands."""

    def __init__(self, limit: Limit, windows: Holding) -> None:
        self.by = limit.by
        self._first = limit.first
        self._every = limit.every
        self.windows = windows

    def passes(self, key: Key, firing: Firing) -> int | None:
        """The number of events the alert stands for; None when it is held back."""
        windows = self.windows
        state = windows.get(key)
        if state is not None and windows.is_over(state, firing.time, firing.at):
            windows.end(key, firing.at)
            state = None
        if state is None:
            state = windows.begin(key, firing.time, firing.at)
        state[OWN] += 1
        if self._every is not None and state[OWN] >= self._every:
            count = firing.count + int(state[HELD])
            state[OWN] = state[HELD] = 0.0
            return count
        if self._first is not None and state[OWN] <= self._first:
            return firing.count
        windows.hold(key, state, firing)
        return None

    def would_pass(self, key: Key, hit: Hit) -> bool:
        """Whether an alert for this event would go out."""
        state = self.windows.get(key)
        if state is None or self.windows.is_over(state, hit.time, hit.arrival):
            return self._every is None or self._every <= 1
        number = state[OWN] + 1
        return bool(number >= self._every if self._every is not None else number <= (self._first or 0))

    def standing(self, key: Key, hit: Hit) -> tuple[int, int] | None:
        """With an alert for this event: so many of every so many; None where that is not how it counts."""
        if self._every is None:
            return None
        state = self.windows.get(key)
        before = 0.0 if state is None or self.windows.is_over(state, hit.time, hit.arrival) else state[OWN]
        return int(before) + 1, self._every

    def until(self, key: Key) -> float | None:
        """When the window of a key ends, if it ever does."""
        state = self.windows.get(key)
        end = self.windows.end_of(state) if state is not None else float("inf")
        return end if end < float("inf") else None
