"""
Rules over logs, on the clock of the logs: the same prefilter, events and engine that run in production.

    run = DryRun(book, prefilter, logs)
    for alert in run.alerts(): …           in the order in which they are raised
    run.counters, run.rows, run.seconds

Nothing is sent. When the logs are at their end the clock goes on, from one timer to the next, until every window has
ended.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from collector.rules.alert import Alert
from collector.rules.counters import Counters
from collector.rules.engine import Engine
from collector.rules.event import Event
from collector.rules.rule import RuleBook
from collector.service.check_rules.merged import Logs
from collector.service.check_rules.patience import Patience

_COLLECTED_AFTER = 50_000

Watch = Callable[[Engine, Event, Sequence[int], Patience], None]


class DryRun:
    """
    ``watch`` is called for each candidate before it is judged, with the numbers of its rules; ``seconds`` is how long
    it took.
    """

    def __init__(self, book: RuleBook, logs: Logs, watch: Watch | None = None) -> None:
        self._patience = Patience()
        self._engine = self._patience.engine_for(book, stopwatch=time.perf_counter)
        self._logs = logs
        self._watch = watch
        self.seconds = 0.0

    @property
    def counters(self) -> Mapping[str, Counters]:
        """By the id of the rule."""
        return self._engine.counters

    @property
    def rows(self) -> int:
        return self._logs.rows.total()

    def alerts(self) -> Iterator[Alert]:
        """All of them, as they are raised; to be asked for once."""
        began = time.perf_counter()
        engine = self._engine
        with self._patience, _collecting_seldom():
            for block, number, rules in self._logs.candidates():
                event = block.event(number)
                if self._watch:
                    self._watch(engine, event, rules, self._patience)
                engine.feed(event, rules)
                if engine.outbox:
                    yield from self._taken()
            if self._logs.now is not None:
                engine.advance(self._logs.now)
            while engine.timers.next < float("inf"):
                engine.advance(engine.timers.next)
                yield from self._taken()
        yield from self._taken()
        self.seconds = time.perf_counter() - began

    def _taken(self) -> list[Alert]:
        found = list(self._engine.outbox)
        self._engine.outbox.clear()
        return found


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """A block is many thousands of objects without cycles; to look for some each time takes a sixth of all."""
    before = gc.get_threshold()
    gc.freeze()  # what is there by now stays: rules, modules
    gc.set_threshold(_COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
