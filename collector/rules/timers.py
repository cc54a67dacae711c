"""
Timers on the clock of the engine: what falls due, in which order.

What falls due at the same moment goes by the number of its rule, then by its part of the rule, then in the order in
which it was set. So a replay fires in the order in which it was live, however it is cut into pieces.
"""

import heapq
from typing import NamedTuple

WINDOW, CLEAR, LIMIT, MUTE = range(4)
"""Parts of a rule that wait for something, in the order in which they come at the same moment."""


class Timer(NamedTuple):
    """``mute`` is the number of the one it is about; others are about a whole table, and the first of its keys."""

    due: float
    rule: int
    part: int
    serial: int
    mute: int | None


class Timers:
    """``set`` one, and take the first with ``pop``. ``next`` is when that is due, infinity when none is set."""

    def __init__(self) -> None:
        self.next = float("inf")
        self._heap: list[Timer] = []
        self._serial = 0

    def set(self, due: float, rule: int, part: int, mute: int | None = None) -> None:
        self._serial += 1
        heapq.heappush(self._heap, Timer(due, rule, part, self._serial, mute))
        self.next = self._heap[0].due

    def pop(self) -> Timer:
        timer = heapq.heappop(self._heap)
        self.next = self._heap[0].due if self._heap else float("inf")
        return timer
