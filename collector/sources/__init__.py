"""
Sources: bytes from the world. One file per transport, one line here.

A source is made from its options in the supervisor, which calls ``bind`` and keeps the sockets for its whole life; each
worker calls ``open`` on its share of them. What arrives goes to ``Deliver`` as it came, in the largest pieces.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from socket import socket
from typing import Any, Protocol

from collector.protocol.framing import Frames
from collector.protocol.policy import Policy
from collector.sources.inherited import Inherited
from collector.sources.poller import Poller

SOURCES = {
    "udp": "collector.sources.udp:UdpSource",
    "tcp": "collector.sources.tcp:TcpSource",
    "unix": "collector.sources.unix:UnixSource",
}

Deliver = Callable[[Frames, int, Callable[[], Iterable[str | None]]], None]
"""Takes frames (a block of lines, or a list), their number, and a function that names the peer of each."""


class Meter(Protocol):
    """Counts what happens at a source; the names are those of ``status``."""

    def count(self, name: str, amount: int = 1, reason: str = "") -> None: ...


class Senders(Protocol):
    """Takes down who sent. A sender is the address of a peer, without port or brackets."""

    def came(self, sender: str, messages: int) -> bool:
        """So many messages came, wanted or not. True: the first of them is asked for, as a sample."""

    def all_came(self, numbers: Mapping[str, int]) -> list[str]:
        """The same for many; returns those of whom the first message is asked for."""

    def sample(self, sender: str, peer: str, message: bytes) -> None: ...

    def problem(self, sender: str, what: str) -> None: ...

    def dropped(self, sender: str, reason: str, messages: int = 1) -> None:
        """So many of those that came are not processed further."""


Refuse = Callable[[str, str, int, str], None]
"""Tells of a sender that a limit stopped: the reason, the sender, how many messages or connections, and the limit."""

Notice = Callable[[str, str], None]
"""Tells the own log: an event class, which is limited in rate, and a sentence."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a source finds in a worker."""

    poller: Poller
    deliver: Deliver
    meter: Meter
    senders: Senders
    notice: Notice
    debug: Notice
    """The same for what is only told when asked for: ``--log-level debug``."""
    max_message: int
    descriptors: int
    """Connections may use descriptors below this number; the others are for files."""
    slot: int
    """Which of the ``slots`` workers this is."""
    slots: int
    memory: memoryview
    """Words shared with this source in all workers: as many as its ``shared_words`` says."""
    internal: Meter
    """Counts messages of our own."""
    refuse: Refuse


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

    def change(self, source: Any, surroundings: Surroundings, /) -> None:
        """Go on with the options of ``source``: the same one as the next plan has it, with its memory and limits."""

    def drain(self, deadline: float) -> None:
        """Accept nothing new, deliver what is queued, and close; by ``deadline`` on the monotonic clock."""


class Source(Protocol):
    kind: str
    options: Any
    can_wait: bool
    """Senders can be made to wait, by not reading them."""

    @property
    def policy(self) -> Policy:
        """Whose name and whose clock count in the messages of this source."""

    @property
    def name(self) -> str:
        """What ``status`` calls it: kind and target."""

    def shared_words(self, slots: int) -> int:
        """How many words of memory its parts in ``slots`` workers share."""

    def bind(self, slots: int, inherited: Inherited) -> list[list[socket]]:
        """
        The listening sockets of each worker slot; those that were inherited for this address are used.

        Raises:
            CollectorError: the address is in use, not ours, or not permitted.
        """

    def adjust(self, sockets: list[list[socket]], /) -> None:
        """
        Bring sockets that were bound with other options to these.

        Raises:
            CollectorError: that cannot be done while they are in use.
        """

    def describe(self, sockets: list[list[socket]], /) -> str:
        """Where it listens, for people."""

    def warnings(self) -> list[str]:
        """What an administrator should know of the sockets, as ``bind`` made them or ``adjust`` left them."""

    def release(self) -> None:
        """Called in the supervisor when the sockets are closed: take away what they leave behind."""

    def open(self, sockets: list[socket], surroundings: Surroundings) -> Intake: ...


def source_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model, and it is made from an instance of that."""
    module, _, name = SOURCES[kind].partition(":")
    return getattr(import_module(module), name)
