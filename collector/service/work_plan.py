"""
What a worker needs of a plan, and how it gets to workers that live already.

``dump`` writes it as many small pieces, and ``load`` reads one of them at each step, so that a worker can do so between
two batches: the plan of a thousand routes takes tens of milliseconds in one go, in which datagrams would pile up.
"""

import pickle
from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields
from datetime import tzinfo
from typing import Any, BinaryIO, Protocol

from collector.metrics import Layout
from collector.protocol.charset import Charsets
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.policy import DAY
from collector.service.naming.plan import NamePlan
from collector.service.routes import ResolvedRoute
from collector.service.watching.plan import WatchPlan
from collector.sources import Source, source_class

_KEYS_A_PIECE = 400


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """
    Immutable and picklable.

    ``destinations`` are options of sinks, ``templates`` the texts of the configured formats.
    """

    hash: str
    sources: tuple[Source, ...]
    routes: tuple[ResolvedRoute, ...]
    destinations: tuple[Any, ...]
    templates: dict[str, str]
    zone: tzinfo
    zones: HostMap[tzinfo]
    fallback: tuple[str, ...]
    charsets: HostMap[str]
    names: NamePlan
    layout: Layout
    max_files: int
    max_paths: int
    max_message: int
    watch: WatchPlan | None = None

    def interpreter(self) -> Interpreter:
        return Interpreter(self.zone, self.zones, DAY)

    def normaliser(self) -> Normaliser:
        return Normaliser(Charsets(self.fallback), self.charsets)


_IN_PIECES = ("sources", "routes", "destinations", "layout")


def dump(plan: WorkPlan, file: BinaryIO) -> None:
    """Write ``plan`` to ``file``, for ``load``."""
    rest = {field.name: getattr(plan, field.name) for field in fields(plan) if field.name not in _IN_PIECES}
    sources = [(source.kind, source.options) for source in plan.sources]
    every = tuple(plan.layout.keys)
    keys = [every[at : at + _KEYS_A_PIECE] for at in range(0, len(every), _KEYS_A_PIECE)]
    pickle.dump(rest, file)
    for pieces in (sources, plan.routes, plan.destinations, keys):
        pickle.dump(len(pieces), file)
        for piece in pieces:
            pickle.dump(piece, file)


class Readable(Protocol):
    """A file or an mmap."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...


def load(file: Readable) -> Generator[None, None, WorkPlan]:
    """Read what ``dump`` wrote: a piece at each step; the generator's value is the plan."""
    rest = _read(file)
    sources = yield from _pieces(file)
    routes = yield from _pieces(file)
    destinations = yield from _pieces(file)
    keys = yield from _pieces(file)
    layout = Layout(())
    for some in keys:
        layout.append(some)
        yield
    return WorkPlan(
        sources=tuple(source_class(kind)(options) for kind, options in sources),
        routes=tuple(routes),
        destinations=tuple(destinations),
        layout=layout,
        **rest,
    )


def _pieces(file: Readable) -> Generator[None, None, Sequence[Any]]:
    found = []
    for _ in range(_read(file)):
        found.append(_read(file))
        yield
    return found


def _read(file: Readable) -> Any:
    # Written by this service itself, into memory that has no name: nobody else can have put anything there.
    return pickle.load(file)  # noqa: S301 - see above


def finish(steps: Generator[None, None, Any]) -> Any:
    """All steps at once, where nothing waits; returns the generator's value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
