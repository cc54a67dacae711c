"""The lean way where some path is made of the host name: a row is a PRI, a finished line, and the host name in it."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from collector.batch import Batch, Record
from collector.protocol.parsers.scan import LEAN_3164_HOST, LEAN_5424_HOST, looks_5424
from collector.routing.table import RouteTable
from collector.service.by_host import HostRow
from collector.service.destination import Destination, FileDestination
from collector.service.lean import PRIS, Lean
from collector.service.odd import OddReader

_line = itemgetter(1)


class LeanByHost(Lean):
    """Its boxes hold ``HostRow``."""

    _bsd = LEAN_3164_HOST
    _ietf = LEAN_5424_HOST

    def __init__(self, table: RouteTable, destinations: Sequence[Destination], odd: OddReader) -> None:
        super().__init__(table, destinations, odd)
        self._put |= {pri: table.put[int(pri)] for pri in PRIS}
        self._dated = any(isinstance(one, FileDestination) and one.dated for one in destinations)

    def split(self, batch: Batch) -> int:
        self._start(batch)
        put = self._put
        if looks_5424(batch.text):
            rows = self._rows = self._ietf.findall(batch.text)
            found = [row if row[-1] else self._host_row(row) for row in rows]
            self._lines = [row[-1] or own[1] for row, own in zip(rows, found, strict=True)]
            for row in found:
                put[row[0]](row)
        else:
            rows = self._rows = self._bsd.findall(batch.text)
            for row in rows:
                put[row[0]](row)
        return len(rows)

    def _host_row(self, row: tuple[bytes, ...]) -> HostRow:
        pri, stamp, rest, host, app, pid, message, odd = row
        line = self._line(pri, stamp, host, app, pid, message, odd)
        return pri, line, (host, stamp + rest) if self._dated else host

    def write(self, *, can_wait: bool) -> None:
        for number in self._table.filled():
            destination, box = self._destinations[number], self._table.boxes[number]
            if isinstance(destination, FileDestination) and destination.gathers:
                destination.gather(box, self._odd.moment)
            elif destination.with_pri:
                destination.write_lines([b"<%b>%b" % row[:2] for row in box], can_wait=can_wait)
            else:
                destination.write_lines(list(map(_line, box)), can_wait=can_wait)

    def _put_bad_pri(self, pri: bytes, row: Any) -> None:
        self._read_odd(b"<%b>%b" % (pri, row[1]))

    def _put_odd(self, row: Any) -> None:
        self._read_odd(row[-1])

    def _put_other(self, row: tuple[bytes, ...]) -> bytes:
        found = self._host_row(row) if self._is_ietf(row) else row
        self._put[row[0]](found)
        line: bytes = found[1]
        return line

    def _put_read(self, record: Record, line: bytes) -> None:
        self._table.put[record.pri]((b"%d" % record.pri, line, (record.hostname, record.timestamp)))
