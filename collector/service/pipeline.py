"""
A batch on its way from frames to files: stops 3 to 6 of the journey (``docs/architecture.md``).

There are two ways, and the plan decides once which all batches take: ``lean.py`` when every destination is a
traditional file without filters, else ``full.py``.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo

from collector.protocol.framing import Frames
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.render import Moment
from collector.routing.table import RouteTable
from collector.service.destination import Destination
from collector.service.full import Full
from collector.service.lean import Lean
from collector.service.meter import Meter
from collector.service.odd import OddReader

Peers = Callable[[], Iterable[str | None]]


class Pipeline:
    """What happens to the messages of all sources in one worker. ``take`` is what a source delivers to."""

    def __init__(
        self,
        normaliser: Normaliser,
        interpreter: Interpreter,
        table: RouteTable,
        destinations: Sequence[Destination],
        meter: Meter,
    ) -> None:
        self._normaliser = normaliser
        self._interpreters = _ByZone(interpreter)
        self._table = table
        self._meter = meter
        self._odd = OddReader(interpreter, meter)
        lean = all(destination.lean for destination in destinations) and not table.filtered
        self._way = (Lean if lean else Full)(table, destinations, self._odd)

    @property
    def moment(self) -> Moment:
        """What the rows of the batch at work share, for filters."""
        return self._odd.moment

    def take(self, frames: Frames, peers: Peers, source: Meter, *, can_wait: bool, zone: tzinfo | None = None) -> int:
        """Everything from here to the files; returns how many messages there were. ``zone`` is the source's own."""
        source.begin(frames.count(b"\n") if isinstance(frames, bytes) else len(frames))
        if isinstance(frames, bytes):
            batch = self._normaliser.block(frames, peers, time.time())
        else:
            batch = self._normaliser.frames(frames, peers, time.time())
        self._odd.start(batch, self._interpreters[zone])
        count = self._way.split(batch)
        self._way.write(can_wait=can_wait)
        unrouted = len(self._table.nowhere)
        source.count("received_messages", count + batch.empty)
        if batch.empty:
            source.count("rejected_messages", batch.empty, "empty")
        self._meter.count("batches")
        self._meter.count("unrouted_messages", unrouted)
        self._meter.count("routed_messages", count - unrouted)
        self._table.clear()
        source.publish()
        return count


class _ByZone(dict[tzinfo | None, Interpreter]):
    """The interpreter of each zone that sources have."""

    def __init__(self, default: Interpreter) -> None:
        super().__init__({None: default})

    def __missing__(self, zone: tzinfo) -> Interpreter:
        found = self[zone] = self[None].within(zone)
        return found
