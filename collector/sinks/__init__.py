"""Sinks: bytes to the world. One file per kind, one line here."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

SINKS = {
    "file": "collector.sinks.file:FileSink",
}


class SinkMeter(Protocol):
    """Counts what happens at a sink; the names are those of ``status``."""

    def count(self, name: str, amount: int = 1, reason: str = "") -> None: ...

    def set(self, name: str, value: int) -> None: ...


Notice = Callable[[str, str], None]
"""Tells the own log: an event class, which is limited in rate, and a sentence."""


def sink_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model."""
    module, _, name = SINKS[kind].partition(":")
    return getattr(import_module(module), name)
