"""
Ends what takes too long, as the correlator does: a pattern that backtracks for ever holds up no check.

    with Patience() as patience:
        engine = patience.engine_for(book)      # its matches are ended, and counted by it
        with patience.step():                   # raises RuleTimeout
            condition.match(event)

Signals come to the main thread alone; in any other there is no end to patience.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from collector.rules.engine import Engine
from collector.rules.guard import INTERVAL, At, Guard
from collector.rules.rule import RuleBook


class Patience:
    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._step: At = None
        self._steps = 0
        self._before: Any = None
        self._guards = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._guards:
            guard = Guard(self._at)
            self._before = signal.signal(signal.SIGVTALRM, lambda *_: guard.look(time.process_time()))
            signal.setitimer(signal.ITIMER_VIRTUAL, INTERVAL, INTERVAL)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._guards:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
            signal.signal(signal.SIGVTALRM, self._before)

    def engine_for(self, book: RuleBook, *, stopwatch: Callable[[], float] | None = None) -> Engine:
        """The one that is looked after from now on."""
        self._engine = Engine(book, stopwatch=stopwatch)
        return self._engine

    @contextmanager
    def step(self) -> Iterator[None]:
        """Something else than an engine's match."""
        self._steps += 1
        self._step = (-1, self._steps)
        try:
            yield
        finally:
            self._step = None

    def _at(self) -> At:
        return self._step or (self._engine.at if self._engine else None)
