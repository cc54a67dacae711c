"""
When messages arrived that are read from a file which does not tell: at the newest time that any of them names so far.

    22:14:15  22:14:16  22:14:14  22:14:18      →  22:14:15  22:14:16  22:14:16  22:14:18

A receiver has a clock of its own, and does not use a stamp that is more than a day off it. Here the other messages are
the clock: one whose time is more than a day before those so far, or more than a day after most of the next ones, counts
as having no time.
"""

from collections.abc import Sequence
from itertools import accumulate, islice

from collector.protocol.policy import DAY
from collector.service.check_rules.runs import Runs

_AROUND = 10
"""Messages by which a sudden jump is judged."""


class VirtualClock:
    """``now`` is the time so far, None before the first message; ``start`` is it when no message tells any."""

    def __init__(self, start: float) -> None:
        self.now: float | None = None
        self._start = start

    def arrivals(self, times: Sequence[float | None]) -> Sequence[float]:
        """The times that messages name, in their order (None: none) → when they arrived, never going back."""
        now = self.now
        if now is None:
            return self._with_care(times)
        if isinstance(times, Runs):
            found = self._in_order(times.values, now)
            return self._with_care(times) if found is None else Runs(times.ends, found)
        return self._in_order(times, now) or self._with_care(times)

    def _in_order(self, times: Sequence[float | None], now: float) -> list[float] | None:
        """The same where none is so late that it is in doubt."""
        known = [now if time is None else time for time in times]
        if max(known, default=now) > now + DAY:
            return None
        found = list(accumulate(known, max, initial=now))
        self.now = found[-1]
        return found[1:]

    def given(self, times: Sequence[float]) -> list[float]:
        """The same for times at which messages are known to have arrived."""
        found = list(accumulate(times, max, initial=float("-inf") if self.now is None else self.now))[1:]
        self.now = found[-1] if found else self.now
        return found

    def _with_care(self, some: Sequence[float | None]) -> list[float]:
        times = list(some)
        now = self._first(times) if self.now is None else self.now
        found = []
        for number, time in enumerate(times):
            if time is not None and time > now and (time <= now + DAY or is_credible(times, number)):
                now = time
            found.append(now)
        self.now = now
        return found

    def _first(self, times: Sequence[float | None]) -> float:
        credible = (time for number, time in enumerate(times) if time is not None and is_credible(times, number))
        return next(credible, self._start)


def is_credible(times: Sequence[float | None], number: int) -> bool:
    """Whether it is not more than a day after most of the next ones."""
    time = times[number]
    assert time is not None
    following = [other for other in islice(times, number + 1, number + 1 + _AROUND) if other is not None]
    return 2 * sum(time > other + DAY for other in following) <= len(following)


def is_used(time: float, arrival: float) -> bool:
    """Whether the time that a message names is the one it is judged by."""
    return arrival - DAY <= time <= arrival
