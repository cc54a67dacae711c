"""
A batch on its way from frames to files: stops 3 to 6 of the journey (``docs/architecture.md``).

Two ways, chosen by the plan once and for all batches. *Lean*: every destination is a traditional file without filters,
so a row is a PRI and a line, and a box already holds what its file gets. *Full*: some destination wants fields; rows are
split into all header fields, and each destination renders its box.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any

from collector.batch import Batch, Fix, Odd
from collector.priority import PRI_COUNT
from collector.protocol.framing import Frames
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.parsers.scan import FULL, LEAN
from collector.protocol.render import Moment, Pair
from collector.routing.table import RouteTable
from collector.service.destination import Destination
from collector.service.meter import Meter

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
        self._interpreter = interpreter
        self._table = table
        self._destinations = destinations
        self._meter = meter
        self._zone: tzinfo = interpreter.zone
        self._lean = all(destination.lean for destination in destinations) and not table.filtered
        self._batch = Batch(0.0, b"", lambda: (), {})
        self._odd_rows: Iterable[tuple[int, str | None]] | None = None
        self._rows: list[tuple[bytes, bytes, bytes]] = []
        put = table.put
        self._put_line: dict[bytes, Callable[[Any], object]] = {b"%d" % pri: put[pri] for pri in range(PRI_COUNT)}
        self._put_line[b""] = self._odd_line
        self._put_pair: dict[str, Callable[[Any], object]] = {str(pri): put[pri] for pri in range(PRI_COUNT)}
        self._put_pair[""] = self._odd_pair

    def take(self, frames: Frames, peers: Peers, source: Meter, *, can_wait: bool) -> int:
        """Everything from here to the files; returns how many messages there were."""
        if isinstance(frames, bytes):
            text, fixes = self._normaliser.block(frames, peers)
        else:
            text, fixes = self._normaliser.frames(frames, peers)
        self._batch = Batch(time.time(), text, peers, fixes)
        self._moment: Moment | None = None
        count = (self._take_lean if self._lean else self._take_full)(source, can_wait)
        unrouted = len(self._table.nowhere)
        source.count("received_messages", count)
        self._meter.count("unrouted_messages", unrouted)
        self._meter.count("routed_messages", count - unrouted)
        for fix in fixes.values():
            self._count_fix(fix)
        self._table.clear()
        source.publish()
        return count

    def _take_lean(self, source: Meter, can_wait: bool) -> int:
        rows = self._rows = LEAN.findall(self._batch.text)
        self._odd_rows = None
        source.begin(len(rows))
        put = self._put_line
        for pri, line, odd in rows:
            put[pri](line or odd)
        for destination, box in zip(self._destinations, self._table.boxes, strict=True):
            if box:
                destination.write_lines(box, can_wait=can_wait)
        return len(rows)

    def _take_full(self, source: Meter, can_wait: bool) -> int:
        rows = FULL.findall(self._batch.text.decode())
        source.begin(len(rows))
        put = self._put_pair
        if self._batch.fixes:
            self._put_fixed(rows)
        else:
            for pair in zip(rows, self._batch.peers(), strict=False):
                put[pair[0][0]](pair)
        moment = self.moment
        for destination, box in zip(self._destinations, self._table.boxes, strict=True):
            if box:
                destination.write_pairs(box, moment, can_wait=can_wait)
        return len(rows)

    def _put_fixed(self, rows: list[tuple[str, ...]]) -> None:
        """Rows among which some were mended: those are read from what they were."""
        lines = self._batch.text.decode().split("\n")
        for number, pair in enumerate(zip(rows, self._batch.peers(), strict=False)):
            fix = self._batch.fixes.get(number)
            if fix is None:
                self._put_pair[pair[0][0]](pair)
            else:
                self._put_odd(lines[number], fix, pair[1])

    def _odd_line(self, line: bytes) -> None:
        if self._odd_rows is None:
            self._odd_rows = iter(self._numbered_odd())
        number, peer = next(self._odd_rows)  # type: ignore[call-overload]
        odd = self._read(line[:-1].decode(), self._batch.fixes.get(number), peer)
        self._table.put[odd.record.pri](odd.line.encode() + b"\n")

    def _numbered_odd(self) -> list[tuple[int, str | None]]:
        """Number and peer of every row that the fast parser left, in order."""
        peers = islice(self._batch.peers(), len(self._rows))
        return [(number, peer) for number, (row, peer) in enumerate(zip(self._rows, peers, strict=True)) if not row[0]]

    def _odd_pair(self, pair: Any) -> None:
        self._put_odd(pair[0][8][:-1], None, pair[1])

    def _put_odd(self, line: str, fix: Fix | None, peer: str | None) -> None:
        odd = self._read(line, fix, peer)
        pair: Pair = (odd, peer)
        self._table.put[odd.record.pri](pair)

    def _read(self, line: str, fix: Fix | None, peer: str | None) -> Odd:
        odd = self._interpreter.read(line, fix, peer, self.moment.received_at)
        for mark in odd.record.marks:
            if fix is None or mark not in fix.marks:
                self._meter.count("marked_messages", reason=mark)
        return odd

    def _count_fix(self, fix: Fix) -> None:
        if fix.charset not in {"ascii", "utf-8"}:
            self._meter.count("charset_messages", reason=fix.charset)
        for mark in fix.marks:
            self._meter.count("marked_messages", reason=mark)

    @property
    def moment(self) -> Moment:
        """What the rows of the batch at work share; made when first asked for."""
        if self._moment is None:
            received_at = datetime.fromtimestamp(self._batch.received_at, self._zone)
            self._moment = self._interpreter.moment(received_at)
        return self._moment
