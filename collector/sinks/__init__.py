"""
Sinks: bytes to the world. One file per kind, one line here.

A sink lives in one worker and never holds it up: what cannot be written now waits, within bounds, or is dropped and
counted. A file alone may ask that senders who can wait do so (``waits``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Protocol

SINKS = {
    "file": "collector.sinks.file:FileSink",
    "pipe": "collector.sinks.pipe:PipeSink",
    "console": "collector.sinks.console:ConsoleSink",
    "users": "collector.sinks.users:UsersSink",
    "forward": "collector.sinks.forward:ForwardSink",
}


class SinkMeter(Protocol):
    """Counts what happens at a sink; the names are those of ``status``."""

    def count(self, name: str, amount: int = 1, reason: str = "") -> None: ...

    def set(self, name: str, value: int) -> None: ...


Notice = Callable[[str, str], None]
"""Tells the own log: an event class, which is limited in rate, and a sentence."""

Resolve = Callable[[str], Sequence[str] | None]
"""The addresses of a host name, best first; None while they are not known. It never waits."""


class Poller(Protocol):
    """Calls back when a descriptor can be read, or, while ``writable``, written. Remove it before it is closed."""

    def add(self, fd: int, handler: Callable[[], object], *, writable: bool = False) -> None: ...

    def change(self, fd: int, *, writable: bool) -> None: ...

    def remove(self, fd: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sink finds in a worker."""

    meter: SinkMeter
    notice: Notice
    poller: Poller
    resolve: Resolve


class SinkOptions(Protocol):
    kind: ClassVar[str]
    format: str

    @property
    def label(self) -> str:
        """Its name in counters and in the own log."""


class Sink(Protocol):
    """What the worker asks of every sink."""

    @property
    def waits(self) -> bool:
        """Something could not be written yet, and those who can wait should."""

    def tick(self, now: float) -> None:
        """Once a second, ``now`` by the monotonic clock: try again what could not be done."""

    def drain(self, deadline: float) -> bool:
        """
        The worker ends: write what waits, where that is possible by ``deadline`` on the monotonic clock. Whether with
        more time more could be.
        """

    def close(self) -> None:
        """It is needed no more: what still waits is dropped and counted, descriptors are closed."""


class LineSink(Sink, Protocol):
    """A sink that takes finished lines, and has one place where they go."""

    def offer(self, data: bytes, rows: int) -> None:
        """Write ``data``, whole lines, ``rows`` of them; each is a message."""


def sink_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model."""
    module, _, name = SINKS[kind].partition(":")
    return getattr(import_module(module), name)
