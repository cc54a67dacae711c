import socket
from contextlib import ExitStack, closing
from dataclasses import replace
from types import SimpleNamespace

import pytest

from collector.shared import Arena
from collector.sources import Surroundings
from collector.sources.poller import Poller
from collector.sources.udp import UdpOptions, UdpSource

SMALL, LARGE = 64 * 1024, 4 * 1024 * 1024


class Desk:
    """An intake without its worker, and the supervisor's part in a reload; ``frames`` are what it delivered."""

    def __init__(self, stack, **options):
        self.frames = []
        source = UdpSource(_options(**options))
        self._sockets = source.bind(1)
        [[sock]] = self._sockets
        self._sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._sender.connect(sock.getsockname())
        self._poller = stack.enter_context(closing(Poller()))
        meter = SimpleNamespace(count=self._nothing)
        senders = SimpleNamespace(all_came=lambda _: [], problem=self._nothing)
        arena = Arena()
        self._to = Surroundings(
            self._poller, lambda frames, *_: self.frames.extend(frames), meter, senders, self._nothing, self._nothing,
            65536, 1000, 0, 1, arena.view(arena.take(0)), meter, self._nothing,
        )  # fmt: skip
        self.intake = source.open([sock], self._to)
        stack.callback(lambda: self.intake.drain(0.0))

    def _nothing(self, *_, **__):
        """Nobody listens."""

    def change(self, **options):
        """What a reload does in the worker; returns what it does in the supervisor afterwards."""
        source = self.source = UdpSource(_options(**options))
        self.intake.change(source, self._to)
        return lambda: source.adjust(self._sockets)

    def cut(self, size):
        self._to = replace(self._to, max_message=size)
        self.change()

    def send(self, *datagrams):
        for datagram in datagrams:
            self._sender.send(datagram)
        self._poller.turn(1)


def _options(**options):
    return UdpOptions(**{"udp": "127.0.0.1:0", "receive_buffer": LARGE, **options})


@pytest.fixture
def desk():
    with ExitStack() as stack:
        yield Desk(stack)


def test_with_a_smaller_receive_buffer_the_rests_are_shorter_at_once(desk):
    before = desk.intake.rest()
    adjust = desk.change(receive_buffer=SMALL)
    assert desk.intake.rest() < before / 10
    adjust()
    desk.intake.tick(0.0)

    assert desk.intake.rest() < before / 10


def test_with_a_larger_receive_buffer_the_rests_are_longer_when_the_kernel_gave_it(desk):
    desk.change(receive_buffer=SMALL)()
    desk.intake.tick(0.0)
    adjust = desk.change(receive_buffer=LARGE)
    short = desk.intake.rest()
    adjust()
    desk.intake.tick(0.0)
    for _ in range(20):
        desk.intake.rest()

    assert desk.intake.rest() > 10 * short


def test_a_receive_buffer_that_the_kernel_does_not_give_is_told_after_a_reload_too(desk, monkeypatch):
    monkeypatch.setattr("collector.sources.udp.ask_receive_buffer", lambda *_: 1000)
    desk.change(receive_buffer=2000)()

    assert "gave a receive buffer of 1000 bytes instead of 2000" in desk.source.warnings()[0]


def test_another_size_of_the_longest_message_holds_for_the_next_one(desk):
    desk.send(b"x" * 5000)
    desk.cut(1000)
    desk.send(b"x" * 5000, b"y")
    desk.cut(8000)
    desk.send(b"x" * 5000)

    assert [len(frame) for frame in desk.frames] == [5000, 1000, 1, 5000]
