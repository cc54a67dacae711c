"""
Was the clock of this machine set back? It had been ahead then, and what rules have seen came later than now.

    arrivals   10:00:01  11:00:02  11:00:03  10:00:04  10:00:05  …  10:00:09
    clock      10:00:01  11:00:02  11:00:03  11:00:03  11:00:03  …  set back, by an hour

The clock of rules never goes back by itself: windows that were begun ahead of time would hold back alerts until the
clock of the machine has caught up. A single batch may come late, as its worker waited for a disk or a reader. But every
worker tells the time once a second, so when none has told a later one for a while, it is so.
"""

_MUCH = 60.0
"""Seconds; what is less than this is waited for."""

_ENOUGH = 5.0
"""Seconds in which every entry must have been behind."""


class SetBack:
    """``since`` is the arrival of the first entry that was behind, None when the last one was not."""

    def __init__(self, since: float | None = None) -> None:
        self.since = since

    def look(self, arrival: float, clock: float) -> bool:
        """Whether it is so, seen from an entry that arrived then by the clock of the machine, and that of the rules."""
        if arrival > clock - _MUCH:
            self.since = None
            return False
        if self.since is None or arrival < self.since:
            self.since = arrival
        return arrival - self.since >= _ENOUGH
