"""
Sources: bytes from the world. One file per transport, one line here.

A source is made from its options in the supervisor, which calls ``bind`` and keeps the sockets for its whole life; each
worker calls ``open`` on its share of them. What arrives goes to ``Deliver`` as it came, in the largest pieces.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from importlib import import_module
from socket import socket
from typing import Any, Protocol

from collector.protocol.framing import Frames
from collector.sources.poller import Poller

SOURCES = {
    "udp": "collector.sources.udp:UdpSource",
    "tcp": "collector.sources.tcp:TcpSource",
    "unix": "collector.sources.unix:UnixSource",
}

Deliver = Callable[[Frames, Callable[[], Iterable[str | None]]], None]
"""Takes frames (a block of lines, or a list) and a function that names the sender of each."""


class Meter(Protocol):
    """Counts what happens at a source; the names are those of ``status``."""

    def count(self, name: str, amount: int = 1, reason: str = "") -> None: ...


Notice = Callable[[str, str], None]
"""Tells the own log: an event class, which is limited in rate, and a sentence."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source finds in a worker."""

    poller: Poller
    deliver: Deliver
    meter: Meter
    notice: Notice
    max_message: int
    descriptors: int
    """Connections may use descriptors below this number; the others are for files."""


class Intake(Protocol):
    """A source at work in one worker."""

    def rest(self) -> float:
        """
        Seconds the worker may now wait before it looks again, so that what a turn costs by itself is shared by many
        messages; 0 when more is there already, or when waiting could lose something.
        """

    def flush(self) -> None:
        """Deliver what has been gathered in this turn of the loop."""

    def hold(self) -> None:
        """Read no more until ``resume``: a file cannot be written. Datagrams are read on; they would be lost."""

    def resume(self) -> None: ...

    def tick(self, now: float) -> None:
        """Called about once a second, ``now`` by the monotonic clock."""

    def drain(self, deadline: float) -> None:
        """Accept nothing new, deliver what is queued, and close; by ``deadline`` on the monotonic clock."""


class Source(Protocol):
    kind: str
    can_wait: bool
    """Senders can be made to wait, by not reading them."""

    @property
    def zone(self) -> tzinfo | None:
        """The time zone of stamps that name none, where the source has its own."""

    @property
    def name(self) -> str:
        """What ``status`` calls it: kind and target."""

    def bind(self, slots: int) -> list[list[socket]]:
        """
        The listening sockets of each worker slot.

        Raises:
            CollectorError: the address is in use, not ours, or not permitted.
        """

    def describe(self, sockets: list[list[socket]], /) -> str:
        """Where it listens, for people."""

    def warnings(self) -> list[str]:
        """What an administrator should know of the sockets that ``bind`` made."""

    def release(self) -> None:
        """Called in the supervisor when the sockets are closed: take away what they leave behind."""

    def open(self, sockets: list[socket], surroundings: Surroundings) -> Intake: ...


def source_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model, and it is made from an instance of that."""
    module, _, name = SOURCES[kind].partition(":")
    return getattr(import_module(module), name)
