import socket
from collections import Counter
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from collector.shared import Arena
from collector.sources import Surroundings
from collector.sources.poller import Poller
from collector.sources.tcp import TcpOptions, TcpSource

MAX_MESSAGE = 64 * 1024
CONNECTIONS = 40
BEGUN = b"<13>" + b"x" * 30_000


class Desk:
    """An intake without its worker: ``delivered`` are the sizes of the batches, ``counts`` what was counted."""

    def __init__(self, stack, **options):
        self.delivered = []
        self.counts = Counter()
        self._stack = stack
        source = TcpSource(TcpOptions(tcp="127.0.0.1:0", **options))
        [[listener]] = source.bind(1)
        self._address = listener.getsockname()
        self._poller = Poller()
        stack.callback(self._poller.close)
        arena = Arena()
        meter = SimpleNamespace(count=self._count)
        senders = SimpleNamespace(came=lambda *_: False, dropped=self._nothing, problem=self._nothing)
        words = arena.view(arena.take(source.shared_words(1)))
        self._intake = source.open(
            [listener],
            Surroundings(
                self._poller, self._deliver, meter, senders, self._nothing, self._nothing, MAX_MESSAGE, 1000, 0, 1,
                words, meter, self._nothing,
            ),
        )  # fmt: skip
        stack.callback(lambda: self._intake.drain(0.0))

    def _nothing(self, *_):
        """Nobody listens."""

    def _count(self, name, amount=1, reason=""):
        self.counts[name, reason] += amount

    def _deliver(self, frames, number, _peers):
        self.delivered.append(len(frames) if isinstance(frames, bytes) else sum(map(len, frames)))
        self.counts["delivered", ""] += number

    def connect(self):
        return self._stack.enter_context(socket.create_connection(self._address))

    def turn(self):
        self._poller.turn(0.01)
        self._intake.flush()


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


def test_unfinished_messages_of_many_connections_that_end_at_once_are_no_batch_without_limit(stack):
    desk = Desk(stack)
    connections = [desk.connect() for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(BEGUN)
    while desk.counts["received_bytes", ""] < CONNECTIONS * len(BEGUN):
        desk.turn()
    for connection in connections:
        connection.close()
    while desk.counts["delivered", ""] < CONNECTIONS:
        desk.turn()

    assert sum(desk.delivered) == CONNECTIONS * len(BEGUN)
    assert max(desk.delivered) <= 128 * 1024 + MAX_MESSAGE


def test_messages_that_a_full_table_let_through_are_counted(stack, monkeypatch):
    desk = Desk(stack, rate_limit="10/s")
    monkeypatch.setattr("collector.sources.tally.Tally.add", lambda *_: False)
    desk.connect().sendall(b"<13>one\n<13>two\n")
    while desk.counts["delivered", ""] < 2:
        desk.turn()

    assert desk.counts["unmetered_messages", ""] == 2
