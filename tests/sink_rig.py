"""A sink without its worker: with real counters, a real poller, and what it told the own log."""

from collections.abc import Callable
from typing import Any

import pytest
from observing import open_descriptors

from collector.metrics import Board
from collector.service import ledger
from collector.service.account import Account
from collector.service.meter import Meter
from collector.sinks import Surroundings, sink_class
from collector.sources.poller import Poller

NAME = "sink"


class SinkRig:
    """``offer(b"one", b"two")`` offers lines; ``turn`` lets the poller call once what is ready."""

    def __init__(self, kind: str, resolve: Callable[[str], Any] = lambda _: None, **options: Any) -> None:
        layout = ledger.layout([], {NAME: kind}, [])
        self.board = Board(layout, 1)
        self._slot = self.board.slot(0)
        self.poller = Poller()
        self.told: list[tuple[str, str]] = []
        self.now = 1000.0
        self.around = Surroundings(Meter(self._slot, layout, sink=NAME), self._tell, self.poller, resolve)
        made = sink_class(kind)
        self.sink = made(made.Options(**options), self.around)

    def _tell(self, event_class: str, sentence: str) -> None:
        self.told.append((event_class, sentence))

    def offer(self, *lines: bytes) -> None:
        self.sink.offer(b"".join(line + b"\n" for line in lines), len(lines))

    def tick(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.sink.tick(self.now)

    def turn(self, timeout: float = 0.01) -> int:
        return self.poller.turn(timeout)

    def counts(self) -> tuple[int, int, int, int]:
        """offered, written, dropped, pending; checked to add up."""
        self._slot.publish()
        account = Account.of(self.board.totals()).sinks[NAME]
        assert account.missing == 0
        return account.offered, account.written, account.dropped, account.pending

    def count(self, name: str, **labels: str) -> int:
        self._slot.publish()
        wanted = (name, {"sink": NAME, **labels})
        return next(value for key, value in self.board.totals().items() if (key.name, dict(key.labels)) == wanted)

    def dropped(self) -> dict[str, int]:
        """By reason; those that are 0 left out."""
        self._slot.publish()
        found = {dict(key.labels)["reason"]: n for key, n in self.board.totals().items() if key.name == "sink_dropped"}
        return {reason: number for reason, number in found.items() if number}

    def sentences(self) -> list[str]:
        return [sentence for _, sentence in self.told]

    def close(self) -> None:
        self.sink.close()
        self.poller.close()


@pytest.fixture
def rig():
    """``rig(kind, **options)``; at the end of the test nothing is open and every account adds up."""
    made: list[SinkRig] = []

    def make(kind: str, **options: Any) -> SinkRig:
        made.append(SinkRig(kind, **options))
        return made[-1]

    before = open_descriptors()
    yield make
    while made:
        made[-1].close()
        assert made.pop().counts()[3] == 0
    left = open_descriptors() - before
    assert left == set(), left
