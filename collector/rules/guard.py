"""
The guard against patterns that backtrack for ever: what one rule does with one row may take half a second, and what it
does with many that take long, a twentieth of the time.

The engine notes what it is matching, and whoever has a clock and a timer signal asks the guard now and then. ``re``
looks for signals while it matches, so that what the guard raises from a handler ends the match. A rule that was ended
three times is quarantined by the engine. Time is that of the processor: a process that has to wait for one does nothing
wrong.

    guard = Guard(lambda: engine.at)
    signal.signal(SIGVTALRM, lambda *_: guard.look(process_time()))
    signal.setitimer(ITIMER_VIRTUAL, INTERVAL, INTERVAL)
"""

from collections.abc import Callable

PATIENCE = 0.5
"""Seconds for one rule and one row."""

INTERVAL = 0.02
"""Seconds between two looks. What takes less is not long."""

ALLOWANCE = 3.0
"""Seconds that a rule may spend on matches that take long, before it is a burden to the others."""

SHARE = 0.05
"""Of the time, by which the allowance is filled again."""

At = tuple[int, int] | None
"""The number of a rule and that of an event; None between matches."""


class RuleTimeout(BaseException):
    """A match has taken too long. Not an Exception, so that nothing on its way takes it for a failure of its own."""


class Guard:
    """``at`` tells what is being matched; ``look`` is called several times within the ``patience``, in seconds."""

    def __init__(self, at: Callable[[], At], patience: float = PATIENCE) -> None:
        self._at = at
        self._patience = patience
        self._seen: At = None
        self._since = self._last = 0.0
        self._spent: dict[int, tuple[float, float]] = {}

    def look(self, now: float) -> None:
        """Raises RuleTimeout when a match is to be ended; ``now`` never goes back."""
        at = self._at()
        last, self._last = self._last, now
        if at is None or at != self._seen:
            self._seen, self._since = at, now
            return
        spent = self._spend(at[0], now - last, now)
        if now - self._since >= self._patience or spent > ALLOWANCE:
            self._seen = None
            if spent > ALLOWANCE:
                del self._spent[at[0]]
            raise RuleTimeout

    def _spend(self, rule: int, seconds: float, now: float) -> float:
        """What the rule has used of its allowance, these seconds included."""
        spent, then = self._spent.get(rule, (0.0, now))
        spent = max(0.0, spent - SHARE * (now - then)) + seconds
        self._spent[rule] = spent, now
        return spent
