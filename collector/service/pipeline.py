"""
A batch on its way from frames to files and to rules: stops 3 to 7 of the journey (``docs/architecture.md``).

There are two ways: ``lean.py`` when every destination is a traditional file without filters, else ``full.py``; and that
also for sources whose messages get another header. A variant of the first, ``lean_by_host.py``, keeps the host name for
paths that are made of it.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from collector.protocol.framing import Frames
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.policy import DEFAULT, Policy
from collector.protocol.render import Moment
from collector.routing.table import RouteTable
from collector.service.destination import Destination, FileDestination
from collector.service.full import Full
from collector.service.lean import Lean
from collector.service.lean_by_host import LeanByHost
from collector.service.meter import Meter
from collector.service.odd import OddReader
from collector.service.senders.source_senders import SourceSenders
from collector.service.watching.candidates import Candidates

_ROWS_WORTH_OPENING = 16
"""To open and close a file costs what it costs to write so many rows."""
_MOST_GATHERED = 16 * 1024 * 1024
"""Bytes."""

Peers = Callable[[], Iterable[str | None]]


@dataclass(frozen=True, slots=True)
class Origin:
    """A source, as far as the way of its messages goes."""

    meter: Meter
    senders: SourceSenders
    can_wait: bool
    policy: Policy = DEFAULT
    source: str = ""


class Pipeline:
    """What happens to the messages of all sources in one worker. ``take`` is what a source delivers to."""

    def __init__(
        self,
        normaliser: Normaliser,
        interpreter: Interpreter,
        table: RouteTable,
        destinations: Sequence[Destination],
        meter: Meter,
        candidates: Candidates | None = None,
    ) -> None:
        self._candidates = candidates
        self._normaliser = normaliser
        self._interpreters = _ByPolicy(interpreter)
        self._table = table
        self._meter = meter
        self._odd = OddReader(interpreter, meter)
        self._gathering = [one for one in destinations if isinstance(one, FileDestination) and one.gathers]
        self._full = Full(table, destinations, self._odd)
        self._way: Full | Lean = self._full
        dated = any(one.dated for one in self._gathering)  # hosts with a zone of their own need a look at the peer
        if all(one.lean for one in destinations) and not table.filtered and not (dated and interpreter.zones):
            self._way = (LeanByHost if self._gathering else Lean)(table, destinations, self._odd)
        self._origin: Origin | None = None
        self._begun = self._bytes = 0
        self._scattered = False

    @property
    def moment(self) -> Moment:
        """What the rows of the batch at work share, for filters."""
        return self._odd.moment

    def interpreter(self, origin: Origin) -> Interpreter:
        """How the messages of a source are read."""
        return self._interpreters[origin.policy]

    def take(self, frames: Frames, number: int, peers: Peers, origin: Origin) -> int:
        """
        Everything from here to the files, for so many frames; returns how many messages there were.

        While rows are scattered over more files than may be open they are gathered, and ``settle`` writes them.
        """
        if origin is not self._origin:
            self.settle()
            self._origin = origin
        source = origin.meter
        self._begun += number
        source.begin(self._begun)
        if isinstance(frames, bytes):
            batch = self._normaliser.block(frames, peers, _now())
        else:
            batch = self._normaliser.frames(frames, peers, _now())
        interpreter = self.interpreter(origin)
        self._odd.start(batch, interpreter, origin.senders)
        way = self._full if interpreter.rewrites else self._way
        count = way.split(batch)
        way.write(can_wait=origin.can_wait)
        if self._candidates:
            self._candidates.take(batch, origin.source, count, way.shown(batch))
        unrouted, discarded = len(self._table.nowhere), len(self._table.discarded)
        source.count("received_messages", count + batch.empty)
        if batch.empty:
            source.count("rejected_messages", batch.empty, "empty")
        if discarded:
            source.count("rejected_messages", discarded, "discarded")
        self._meter.count("batches")
        self._meter.count("unrouted_messages", unrouted)
        self._meter.count("routed_messages", count - unrouted - discarded)
        self._table.clear()
        self._bytes += len(batch.text)
        if not self._scattered or self._bytes > 4 * _MOST_GATHERED:
            self.settle()
        return count

    def tick(self) -> None:
        """About once a second."""
        if self._candidates:
            self._candidates.tick(_now())

    @property
    def gathers(self) -> bool:
        """Rows wait for ``settle``."""
        return self._begun > 0

    @property
    def has_enough(self) -> bool:
        """So many of them that it is time."""
        return self._bytes > _MOST_GATHERED

    def settle(self) -> None:
        """Write what was gathered, and count it."""
        if self._origin is None or not self._begun:
            return
        opened = sum([one.settle(can_wait=self._origin.can_wait) for one in self._gathering])
        self._scattered = opened * _ROWS_WORTH_OPENING > self._begun
        self._origin.meter.publish()
        self._begun = self._bytes = 0


class _ByPolicy(dict[Policy, Interpreter]):
    """The interpreter of each policy that sources have."""

    def __init__(self, plain: Interpreter) -> None:
        super().__init__()
        self._plain = plain

    def __missing__(self, policy: Policy) -> Interpreter:
        found = self[policy] = self._plain.under(policy)
        return found


def _now() -> float:
    """In whole microseconds, as records show it: a replay of those has the same times to judge by."""
    return round(time.time(), 6)
