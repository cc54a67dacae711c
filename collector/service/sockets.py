"""
The sockets the service listens on: bound once, kept by the supervisor as long as a plan has their source.

A worker inherits its share by fork, or is sent it when a reload brings a new source. When it dies, what is queued on
its sockets waits for the next one, and so do the kernel's numbers of what it had to drop.
"""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from collector.errors import CollectorError
from collector.shared import Arena, Region
from collector.sinks.journal import Bell
from collector.sources.inherited import NOTHING, Inherited

Rows = list[list[socket.socket]]
"""The sockets of each worker slot."""


class Source(Protocol):
    """What the supervisor asks of a source."""

    @property
    def name(self) -> str:
        """Its name in logs and counters: ``udp 127.0.0.1:5514``."""

    @property
    def kind(self) -> str: ...

    def shared_words(self, slots: int) -> int:
        """How many words of memory its parts in all workers share."""

    def bind(self, slots: int, inherited: Inherited) -> Rows:
        """The sockets of each worker slot. Raises CollectorError with the cure."""

    def adjust(self, sockets: Rows, /) -> None:
        """Bring sockets that were bound with other options to these. Raises CollectorError when that cannot be."""

    def describe(self, sockets: Rows, /) -> str:
        """Where it listens, for people, from what ``bind`` returned."""

    def release(self) -> None:
        """Called when its sockets are closed: it takes away what they leave behind."""

    def warnings(self) -> list[str]:
        """What an administrator should know of the sockets, as ``bind`` made them or ``adjust`` left them."""


@dataclass(slots=True)
class _Bound:
    """``binder`` made the sockets and knows what has to be taken away with them; ``source`` has the newest options."""

    source: Source
    rows: Rows
    region: Region
    binder: Source


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker gets: its sockets and its shared memory, by source name; ``bell`` wakes who reads its journal."""

    number: int
    slots: int
    sockets: Mapping[str, Sequence[socket.socket]]
    memory: Mapping[str, memoryview]
    arena: Arena
    bell: Bell


@dataclass(slots=True)
class Change:
    """Sources as a new plan has them: ``new`` are bound, ``regions`` taken, and nothing is in use yet."""

    sources: Sequence[Source]
    new: dict[str, Rows] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)


class Listeners:
    """All sockets of all sources, bound when this is made. Raises CollectorError, and leaves nothing open then."""

    def __init__(
        self, sources: Sequence[Source], slots: int, arena: Arena | None = None, inherited: Inherited = NOTHING
    ) -> None:
        self._slots = slots
        self.arena = arena or Arena()
        self._inherited = inherited
        self._bound: dict[str, _Bound] = {}
        self._gone: list[_Bound] = []
        self._old_regions: list[Region] = []
        self._told: list[str] = []
        self.commit(self.prepare(sources))
        self.bell = Bell()

    @property
    def names(self) -> list[str]:
        return list(self._bound)

    def prepare(self, sources: Sequence[Source]) -> Change:
        """Bind what ``sources`` have and we have not. Raises CollectorError, and changes nothing then."""
        change = Change(sources)
        with ExitStack() as undo:
            undo.callback(self.abandon, change)
            for source in sources:
                words = source.shared_words(self._slots)
                there = self._bound.get(source.name)
                if there is None:
                    change.new[source.name] = source.bind(self._slots, self._inherited)
                if there is None or there.region.words != words:
                    change.regions[source.name] = self.arena.take(words)
            undo.pop_all()
        return change

    def abandon(self, change: Change) -> None:
        """It will not come into force."""
        for source in change.sources:
            if source.name in change.new:
                _close(_Bound(source, change.new[source.name], Region(0, 0), source))
        for region in change.regions.values():
            self.arena.give_back(region)

    def commit(self, change: Change) -> None:
        """It is in force. What only the old plan had stays open until ``finish``, as workers still read from it."""
        old, self._bound = self._bound, {}
        for source in change.sources:
            there = old.pop(source.name, None)
            region = change.regions.get(source.name)
            if there is None:
                assert region is not None, "a new source has its memory"
                self._bound[source.name] = _Bound(source, change.new[source.name], region, source)
                continue
            if region is not None:
                self._old_regions.append(there.region)
            self._bound[source.name] = _Bound(source, there.rows, region or there.region, there.binder)
        self._gone += old.values()

    def finish(self) -> None:
        """No worker uses what the old plan had any more."""
        for bound in self._gone:
            _close(bound)
            self.arena.give_back(bound.region)
        for region in self._old_regions:
            self.arena.give_back(region)
        self._gone, self._old_regions = [], []

    def adjust(self) -> list[str]:
        """Bring kept sockets to the options of the plan in force; returns what could not be done."""
        failed = []
        for bound in self._bound.values():
            try:
                bound.source.adjust(bound.rows)
            except CollectorError as error:
                failed.append(f"{bound.source.name}: {error}")
        return failed

    def share(self, number: int) -> Share:
        """What one worker works with."""
        return Share(
            number,
            self._slots,
            {name: bound.rows[number] for name, bound in self._bound.items()},
            {name: self.arena.view(bound.region) for name, bound in self._bound.items()},
            self.arena,
            self.bell,
        )

    def regions(self) -> dict[str, Region]:
        return {name: bound.region for name, bound in self._bound.items()}

    def of_source(self, name: str) -> list[socket.socket]:
        return [sock for row in self._bound[name].rows for sock in row]

    def warnings(self) -> list[str]:
        """What an administrator should know, and has not been told yet."""
        own = [warning for bound in self._bound.values() for warning in bound.source.warnings()]
        now = own + self._inherited.warnings()
        told, self._told = self._told, now
        return [warning for warning in now if warning not in told]

    def descriptions(self) -> Iterator[dict[str, Any]]:
        for name, bound in self._bound.items():
            yield {"name": name, "kind": bound.source.kind, "listens": bound.binder.describe(bound.rows)}

    def keep_only(self, number: int | None) -> None:
        """In a worker: let go of what belongs to the other slots; in a helper process, of everything."""
        kept = {sock for bound in self._bound.values() for sock in bound.rows[number]} if number is not None else set()
        self._inherited.close()
        for sock in self._all() - kept:
            sock.close()

    def close(self) -> None:
        for bound in (*self._bound.values(), *self._gone):
            _close(bound)
        self.bell.close()

    def _all(self) -> set[socket.socket]:
        return {sock for bound in (*self._bound.values(), *self._gone) for row in bound.rows for sock in row}


def _close(bound: _Bound) -> None:
    for sock in (sock for row in bound.rows for sock in row):
        sock.close()
    bound.binder.release()
