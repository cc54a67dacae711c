"""The end of a worker: what waits in its sinks is written, as far as there is time for it."""

import time
from collections.abc import Iterable

from collector.sinks import Sink

_TURN = 0.02


def drain(sinks: Iterable[Sink], deadline: float) -> None:
    """
    In turns, so that one whose peer takes nothing does not take the time of the others.

    Each has one turn at least, be it after ``deadline``, which is by the monotonic clock.
    """
    waiting = list(sinks)
    while waiting:
        waiting = [sink for sink in waiting if sink.drain(min(deadline, time.monotonic() + _TURN))]
        if time.monotonic() >= deadline:
            return
