"""The lean way where some path is made of the host name: a row is a PRI, a finished line, and the host name in it."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from collector.batch import Batch, Record
from collector.protocol.parsers.scan import LEAN_3164_HOST, LEAN_5424, looks_5424
from collector.routing.table import RouteTable
from collector.service.destination import Destination, FileDestination
from collector.service.lean import PRIS, Lean
from collector.service.odd import OddReader

_line = itemgetter(1)


class LeanByHost(Lean):
    """Its boxes hold ``HostRow``."""

    _bsd = LEAN_3164_HOST

    def __init__(self, table: RouteTable, destinations: Sequence[Destination], odd: OddReader) -> None:
        super().__init__(table, destinations, odd)
        self._put |= {pri: table.put[int(pri)] for pri in PRIS}

    def split(self, batch: Batch) -> int:
        self._batch = batch
        self._left = None
        put = self._put
        if looks_5424(batch.text):
            rows = self._rows = LEAN_5424.findall(batch.text)
            line_of = self._line
            for row in rows:
                put[row[0]](row if row[6] else (row[0], line_of(*row), row[2]))
        else:
            rows = self._rows = LEAN_3164_HOST.findall(batch.text)
            for row in rows:
                put[row[0]](row)
        return len(rows)

    def write(self, *, can_wait: bool) -> None:
        for number in self._table.filled():
            destination, box = self._destinations[number], self._table.boxes[number]
            if isinstance(destination, FileDestination) and destination.gathers:
                destination.gather(box, self._batch.received_at)
            elif destination.with_pri:
                destination.write_lines([b"<%b>%b" % row[:2] for row in box], can_wait=can_wait)
            else:
                destination.write_lines(list(map(_line, box)), can_wait=can_wait)

    def _put_bad_pri(self, pri: bytes, row: Any) -> None:
        self._read_odd(b"<%b>%b" % (pri, row[1]))

    def _put_odd(self, row: Any) -> None:
        self._read_odd(row[-1])

    def _put_other(self, row: tuple[bytes, ...]) -> None:
        self._put[row[0]]((row[0], self._line(*row), row[2]) if len(row) == LEAN_5424.groups else row)

    def _put_read(self, record: Record, line: bytes) -> None:
        self._table.put[record.pri]((b"%d" % record.pri, line, (record.hostname,)))
