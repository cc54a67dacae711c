"""
Times at which keys of a rule are to be looked at, with one timer for the earliest of them.

A key has one time at most, and a key that goes takes its time with it: what waits here is never much more than there
are keys.
"""

import heapq

from collector.rules.table import Key
from collector.rules.timers import Timers

_FEW = 1_000


class Alarms:
    """``set`` one, and when the timer of ``part`` of the rule is due, ``take`` the key whose time has come."""

    def __init__(self, timers: Timers, rule: int, part: int) -> None:
        self._timers = timers
        self._rule, self._part = rule, part
        self._times: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._serial = 0
        self._waits_for = float("inf")

    def set(self, key: Key, due: float) -> None:
        self._serial += 1
        self._times[key] = due, self._serial
        heapq.heappush(self._heap, (due, self._serial, key))
        self._wait()

    def drop(self, key: Key) -> None:
        self._times.pop(key, None)
        if len(self._heap) > 2 * len(self._times) + _FEW:
            self._heap = [(due, serial, key) for key, (due, serial) in self._times.items()]
            heapq.heapify(self._heap)

    def take(self, due: float) -> Key | None:
        """The timer is due: the key whose time it is, if it is not gone. ``rest`` is to be called afterwards."""
        if due >= self._waits_for:
            self._waits_for = float("inf")
        self._skip()
        if not self._heap or self._heap[0][0] > due:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._times[key]
        return key

    def rest(self) -> None:
        """Wait for the next one."""
        self._skip()
        self._wait()

    def dump(self) -> list[tuple[Key, float]]:
        return [(key, due) for key, (due, _) in self._times.items()]

    def load(self, dumped: list[tuple[Key, float]]) -> None:
        for key, due in dumped:
            self.set(key, due)

    def _skip(self) -> None:
        """Times of keys that are gone, or have another one now."""
        heap = self._heap
        while heap and self._times.get(heap[0][2], (0.0, 0))[1] != heap[0][1]:
            heapq.heappop(heap)

    def _wait(self) -> None:
        if self._heap and self._heap[0][0] < self._waits_for:
            self._waits_for = self._heap[0][0]
            self._timers.set(self._waits_for, self._rule, self._part)
