"""The full way: some destination wants fields, so rows are split into them and each destination renders its box."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from collector.batch import Batch, Fix
from collector.priority import PRI_COUNT
from collector.protocol.parsers.scan import FULL_3164, FULL_5424, FullRow, looks_5424
from collector.protocol.render import Pair, line_of
from collector.protocol.rewrite import Rewrite
from collector.routing.table import Put, RouteTable
from collector.service.destination import Destination
from collector.service.odd import OddReader
from collector.service.watching.shown import Shown


class Full:
    def __init__(self, table: RouteTable, destinations: Sequence[Destination], odd: OddReader) -> None:
        self._table = table
        self._destinations = destinations
        self._odd = odd
        self._put: dict[str, Put] = {str(pri): table.put[pri] for pri in range(PRI_COUNT)}
        self._put[""] = self._put_odd
        self._other = FULL_5424
        self._rewrite: Rewrite | None = None
        self._rows: Sequence[FullRow] = ()
        self._read: list[bytes] = []

    def split(self, batch: Batch) -> int:
        """Put every row, with its peer, into its boxes; returns how many there were."""
        text = batch.text.decode()
        self._odd.know(text)
        pattern, self._other = (FULL_5424, FULL_3164) if looks_5424(batch.text) else (FULL_3164, FULL_5424)
        rows: list[FullRow] = pattern.findall(text)
        peers = list(islice(batch.peers(), len(rows)))
        self._rewrite = self._odd.rewrite()
        if self._rewrite:
            rows = _rewritten(rows, peers, self._rewrite)
        self._rows, self._read = rows, []
        pairs: Iterable[tuple[FullRow, str | None]] = zip(rows, peers, strict=True)
        put = self._put
        if batch.fixes:
            self._put_fixed(text.split("\n"), batch.fixes, pairs)
        else:
            for pair in pairs:
                put[pair[0][0]](pair)
        return len(rows)

    def write(self, *, can_wait: bool) -> None:
        moment = self._odd.moment
        for number in self._table.filled():
            self._destinations[number].write_pairs(self._table.boxes[number], moment, can_wait=can_wait)

    def _put_fixed(self, lines: list[str], fixes: dict[int, Fix], pairs: Any) -> None:
        """A batch of which some lines were mended: those are read from what they were."""
        for number, pair in enumerate(pairs):
            fix = fixes.get(number)
            if fix is None:
                self._put[pair[0][0]](pair)
            else:
                self._put_read(lines[number], fix, pair[1])

    def _put_odd(self, pair: tuple[FullRow, str | None]) -> None:
        """A line the batch's pattern did not read: of the other shape, or one for the tolerant parser."""
        line = pair[0][9]
        other: FullRow = self._other.findall(line)[0]
        if other[0]:
            row = self._rewrite(other, pair[1]) if self._rewrite else other
            self._read.append(f"<{row[0]}>{line_of(row)}".encode())
            self._put[row[0]]((row, pair[1]))
        else:
            self._put_read(line[:-1], None, pair[1])

    def _put_read(self, line: str, fix: Fix | None, peer: str | None) -> None:
        odd = self._odd.read(line, fix, peer)
        pair: Pair = (odd, peer)
        self._read.append(f"<{odd.record.pri}>{odd.line}\n".encode())
        self._table.put[odd.record.pri](pair)

    def shown(self, batch: Batch) -> Shown:
        """The batch that was split as rules search it."""
        rows = self._rows
        odd = (number for number, row in enumerate(rows) if not row[0] or number in batch.fixes)
        text = batch.text
        if self._rewrite or looks_5424(text):
            text = "".join([f"<{row[0]}>{line_of(row)}" if row[0] else row[9] for row in rows]).encode()
        return Shown(text, list(zip(odd, self._read, strict=True)) if self._read else ())


def _rewritten(rows: Sequence[FullRow], peers: Sequence[str | None], rewrite: Rewrite) -> list[FullRow]:
    """Rows with another header; odd ones get theirs where they are read."""
    return [rewrite(row, peer) if row[0] else row for row, peer in zip(rows, peers, strict=True)]
