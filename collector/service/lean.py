"""
The lean way: every destination takes traditional lines, without filters, so a row is a PRI and a finished line.

A line of RFC 3164 is written as it came, without its PRI; one of RFC 5424 gets its time in BSD form, in the sender's
own zone, and its app name and process id as a tag.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from collector.batch import Batch, Record
from collector.priority import PRI_COUNT
from collector.protocol.parsers.scan import LEAN_3164, LEAN_5424, looks_5424
from collector.protocol.timestamp import MONTHS
from collector.routing.table import Put, RouteTable
from collector.service.destination import Destination
from collector.service.odd import OddReader
from collector.service.watching.shown import Shown

_STAMPS_REMEMBERED = 100_000
_BLANK = 0x20
PRIS = frozenset(b"%d" % pri for pri in range(PRI_COUNT))
_ONE_TO_THREE_DIGITS = [b"%0*d" % (width, number) for width in (1, 2, 3) for number in range(10**width)]


class Lean:
    """Its boxes hold lines."""

    _bsd = LEAN_3164
    _ietf = LEAN_5424

    def __init__(self, table: RouteTable, destinations: Sequence[Destination], odd: OddReader) -> None:
        self._table = table
        self._destinations = destinations
        self._odd = odd
        self._put: dict[bytes, Put] = {pri: partial(self._put_bad_pri, pri) for pri in _ONE_TO_THREE_DIGITS}
        self._put_line = table.put_lines([number for number, one in enumerate(destinations) if one.with_pri])
        self._put |= {pri: self._put_line[int(pri)] for pri in PRIS}
        self._put[b""] = self._put_odd
        self._stamps = _BsdStamps()
        self._batch = Batch(0.0, b"", lambda: (), {})
        self._rows: Sequence[Sequence[bytes]] = ()
        self._lines: Sequence[bytes] = ()
        self._read: list[tuple[int, bytes]] = []
        self._left: Iterator[tuple[int, str | None]] | None = None

    def split(self, batch: Batch) -> int:
        """Put every row into its boxes; returns how many there were."""
        self._start(batch)
        if looks_5424(batch.text):
            return self._split_5424(batch.text)
        rows = self._rows = LEAN_3164.findall(batch.text)
        put = self._put
        for pri, line, odd in rows:
            put[pri](line or odd)
        return len(rows)

    def write(self, *, can_wait: bool) -> None:
        for number in self._table.filled():
            self._destinations[number].write_lines(self._table.boxes[number], can_wait=can_wait)

    def shown(self, batch: Batch) -> Shown:
        """The batch that was split as rules search it."""
        if not self._lines:
            return Shown(batch.text, self._read)
        pairs = zip(self._rows, self._lines, strict=True)
        return Shown(b"".join([b"<%b>%b" % (row[0], line) for row, line in pairs]), self._read)

    def _start(self, batch: Batch) -> None:
        self._batch = batch
        self._left = None
        self._lines = ()
        self._read = []

    def _split_5424(self, text: bytes) -> int:
        rows = self._rows = LEAN_5424.findall(text)
        put = self._put
        line_of = self._line
        lines = self._lines = [row[6] or line_of(*row) for row in rows]
        for row, line in zip(rows, lines, strict=True):
            put[row[0]](line)
        return len(rows)

    def _line(
        self, _pri: bytes, stamp: bytes, host: bytes, app: bytes, pid: bytes, message: bytes, _odd: bytes
    ) -> bytes:
        # As line_of in protocol/render.py, in bytes: without a call inside, for the rows of `make bench`.
        if not app:
            return b"".join((self._stamps[stamp], host, b" ", message, b"\n"))
        # rsyslog sends the blank after the tag as the first character of the message.
        blank = b"" if message[0] == _BLANK else b" "
        if pid:
            return b"".join((self._stamps[stamp], host, b" ", app, b"[", pid, b"]:", blank, message, b"\n"))
        return b"".join((self._stamps[stamp], host, b" ", app, b":", blank, message, b"\n"))

    def _put_bad_pri(self, pri: bytes, row: Any) -> None:
        """Digits that are no PRI, or none in its canonical form."""
        self._read_odd(b"<%b>%b" % (pri, row))

    def _put_odd(self, row: Any) -> None:
        self._read_odd(row)

    def _read_odd(self, line: bytes) -> None:
        """A line the batch's pattern did not read: of the other shape, or one for the tolerant parser."""
        number, peer = self._next_odd()
        fix = self._batch.fixes.get(number)
        if fix is None:
            other = (self._bsd if self._is_ietf(self._rows[0]) else self._ietf).findall(line)[0]
            if other[0] in PRIS:
                self._read.append((number, b"<%b>%b" % (other[0], self._put_other(other))))
                return
        odd = self._odd.read(line[:-1].decode(), fix, peer)
        shown = odd.line.encode() + b"\n"
        self._read.append((number, b"<%d>%b" % (odd.record.pri, shown)))
        self._put_read(odd.record, shown)

    def _put_other(self, row: tuple[bytes, ...]) -> bytes:
        """A row of the shape that the batch does not have in general; returns its line."""
        line = self._line(*row) if self._is_ietf(row) else row[1]
        self._put[row[0]](line)
        return line

    def _is_ietf(self, row: Sequence[bytes]) -> bool:
        return len(row) == self._ietf.groups

    def _put_read(self, record: Record, line: bytes) -> None:
        """What the tolerant parser made of a line."""
        self._put_line[record.pri](line)

    def _next_odd(self) -> tuple[int, str | None]:
        """Number and peer of the next odd row; they are looked up when the first one turns up."""
        if self._left is None:
            peers = islice(self._batch.peers(), len(self._rows))
            pairs = enumerate(zip(self._rows, peers, strict=True))
            self._left = iter([(number, peer) for number, (row, peer) in pairs if row[0] not in PRIS])
        return next(self._left)


class _BsdStamps(dict[bytes, bytes]):
    """``2026-11-02T12:00:00`` → ``Nov  2 12:00:00 ``, with its blank; remembered, as many lines share a second."""

    def __missing__(self, stamp: bytes) -> bytes:
        if len(self) >= _STAMPS_REMEMBERED:
            self.clear()
        month, day = MONTHS[int(stamp[5:7]) - 1], int(stamp[8:10])
        found = self[stamp] = b"%b %2d %b " % (month.encode(), day, stamp[11:])
        return found
