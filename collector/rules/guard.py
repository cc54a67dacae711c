"""
The guard against patterns that backtrack for ever: what one rule does with one row may take half a second.

The engine notes what it is matching, and whoever has a clock and a timer signal asks the guard now and then. ``re``
looks for signals while it matches, so that what the guard raises from a handler ends the match. A rule that was ended
three times is quarantined by the engine.

    guard = Guard(lambda: engine.at)
    signal.signal(SIGALRM, lambda *_: guard.look(monotonic()))
    signal.setitimer(ITIMER_REAL, 0.1, 0.1)
"""

from collections.abc import Callable

PATIENCE = 0.5
"""Seconds for one rule and one row."""

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
        self._since = 0.0

    def look(self, now: float) -> None:
        """Raises RuleTimeout when the same match has been seen for too long; ``now`` never goes back."""
        at = self._at()
        if at is None or at != self._seen:
            self._seen, self._since = at, now
        elif now - self._since >= self._patience:
            self._seen = None
            raise RuleTimeout
