"""
Lines of a log by their header, all of a block at once: what rules search of them, and what time they name.

A block has the shape of its first line. Lines of another shape, and those of none, are left to be read one by one.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.priority import PRI_COUNT
from collector.protocol.parsers.scan import (
    FULL_3164,
    FULL_5424,
    ISO_HOST,
    LEAN_3164_HOST,
    LEAN_5424_HOST,
    RUN_3164,
    FullRow,
    looks_5424,
)
from collector.protocol.timestamp import MONTHS
from collector.service.check_rules.runs import Runs

_PRIS = frozenset(b"%d" % pri for pri in range(PRI_COUNT))
_ISO = re.compile(rb"<[0-9]{1,3}>[0-9]{4}-[0-9]{2}-[0-9]{2}T")

Row = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """
    ``text`` has a line for each row as rules search it, with its PRI and an LF. ``stamps`` are the times as written, to
    the second, and ``hosts`` who wrote them; both are empty for rows of another shape, which stand in the text as they
    came. ``rests`` are what stands behind the second, where the shape has fractions and zones. There are no hosts where
    they do not matter.
    """

    text: bytes
    stamps: Sequence[bytes]
    hosts: Sequence[bytes] = ()
    rests: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """``show`` is for a block, ``split`` for the line of one row of it, which may give nothing."""

    show: Callable[[bytes], Shown]
    split: Callable[[str], FullRow | None]


def shape_of(text: bytes, *, zoned: bool) -> Shape:
    """``zoned``: some hosts have time zones of their own."""
    if looks_5424(text):
        return _SHAPE_5424
    if _ISO.match(text):
        return _SHAPE_ISO
    return _SHAPE_3164_ZONED if zoned else _SHAPE_3164


def _show_3164(text: bytes) -> Shown:
    ends, stamps, rows = [], [], 0
    for run in RUN_3164.finditer(text):
        rows += text.count(b"\n", *run.span())
        ends.append(rows)
        stamps.append(run[2] or b"")
    return Shown(text, Runs(ends, stamps))


def _show_3164_zoned(text: bytes) -> Shown:
    rows = LEAN_3164_HOST.findall(text)
    stamps = [line[:15] if pri in _PRIS else b"" for pri, line, _, _ in rows]
    return Shown(text, stamps, [host for _, _, host, _ in rows])


def _show_5424(text: bytes) -> Shown:
    """Nearly every row has an application with a process, and a message without a blank before it."""
    rows = LEAN_5424_HOST.findall(text)
    bsd = _Stamps()
    lines = [
        b"<%b>%b %b %b[%b]: %b\n" % (pri, bsd[stamp], host, app, pid, message)
        if app and pid and message[0] != _BLANK
        else odd or _line_5424((pri, stamp, b"", host, app, pid, message, odd), bsd)
        for pri, stamp, _, host, app, pid, message, odd in rows
    ]
    _, stamps, rests, hosts, *_ = zip(*rows, strict=True)
    return Shown(b"".join(lines), stamps, hosts, rests)


_BLANK = 0x20


def _line_5424(row: Row, bsd: "_Stamps") -> bytes:
    """As ``line_of`` (protocol/render.py) has it, in bytes."""
    pri, stamp, _, host, app, pid, message, _ = row
    tag = b"%b[%b]:" % (app, pid) if app and pid else app + b":" if app else b""
    blank = b" " if tag and message[:1] != b" " else b""  # rsyslog's messages begin with the one after the tag
    return b"<%b>%b %b %b%b%b\n" % (pri, bsd[stamp], host, tag, blank, message)


def _show_iso(text: bytes) -> Shown:
    rows = ISO_HOST.findall(text)
    bsd = _Stamps()
    lines = [odd or b"<%b>%b %b %b\n" % (pri, bsd[stamp], host, rest) for pri, stamp, _, host, rest, odd in rows]
    _, stamps, rests, hosts, *_ = zip(*rows, strict=True)
    return Shown(b"".join(lines), stamps, hosts, rests)


class _Stamps(dict[bytes, bytes]):
    """``2026-11-02T12:00:00`` → ``Nov  2 12:00:00``."""

    def __missing__(self, stamp: bytes) -> bytes:
        bsd = b"%b %2d %b" % (MONTHS[int(stamp[5:7]) - 1].encode(), int(stamp[8:10]), stamp[11:])
        self[stamp] = bsd
        return bsd


def _split_3164(line: str) -> FullRow | None:
    row: FullRow = FULL_3164.findall(line)[0]
    return row if row[0] else None


def _split_5424(line: str) -> FullRow | None:
    row: FullRow = FULL_5424.findall(line)[0]
    return row if row[0] else None


def _split_iso(line: str) -> FullRow | None:
    """Split as the BSD line it is shown as; behind it stands what it was."""
    found = _show_iso(line.encode()).text.decode()
    row = _split_3164(found)
    return row and (*row[:9], line.partition(">")[2])


_SHAPE_3164 = Shape(_show_3164, _split_3164)
_SHAPE_3164_ZONED = Shape(_show_3164_zoned, _split_3164)
_SHAPE_5424 = Shape(_show_5424, _split_5424)
_SHAPE_ISO = Shape(_show_iso, _split_iso)
