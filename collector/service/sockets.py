"""
The sockets the service listens on: bound once, kept by the supervisor for its whole life.

A worker inherits its share by fork. When it dies, what is queued on its sockets waits for the next one, and so do the
kernel's numbers of what it had to drop.
"""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Protocol


class Source(Protocol):
    """What the supervisor asks of a source."""

    @property
    def name(self) -> str:
        """Its name in logs and counters: ``udp 127.0.0.1:5514``."""

    @property
    def kind(self) -> str: ...

    def bind(self, slots: int) -> list[list[socket.socket]]:
        """The sockets of each worker slot. Raises CollectorError with the cure."""

    def describe(self, sockets: list[list[socket.socket]]) -> str:
        """Where it listens, for people, from what ``bind`` returned."""

    def release(self) -> None:
        """Called when its sockets are closed: it takes away what they leave behind."""

    def warnings(self) -> list[str]:
        """What an administrator should know of the sockets that ``bind`` made."""


class Listeners:
    """All sockets of all sources, bound when this is made. Raises CollectorError, and leaves nothing open then."""

    def __init__(self, sources: Sequence[Source], slots: int) -> None:
        self._sources = sources
        self._bound: dict[str, list[list[socket.socket]]] = {}
        with ExitStack() as undo:
            undo.callback(self.close)
            for source in sources:
                self._bound[source.name] = source.bind(slots)
            undo.pop_all()

    def of_slot(self, number: int) -> dict[str, list[socket.socket]]:
        """What one worker reads from, by source name."""
        return {name: slots[number] for name, slots in self._bound.items()}

    def of_source(self, name: str) -> list[socket.socket]:
        return [sock for slot in self._bound[name] for sock in slot]

    def warnings(self) -> list[str]:
        return [warning for source in self._sources for warning in source.warnings()]

    def descriptions(self) -> Iterator[dict[str, str]]:
        for source in self._sources:
            listens = source.describe(self._bound[source.name])
            yield {"name": source.name, "kind": source.kind, "listens": listens}

    def keep_only(self, number: int) -> None:
        """In a worker: let go of what belongs to the other slots."""
        kept = {sock for sockets in self.of_slot(number).values() for sock in sockets}
        for sock in self._all() - kept:
            sock.close()

    def close(self) -> None:
        for sock in self._all():
            sock.close()
        for source in self._sources:
            if source.name in self._bound:
                source.release()

    def _all(self) -> set[socket.socket]:
        return {sock for name in self._bound for sock in self.of_source(name)}
