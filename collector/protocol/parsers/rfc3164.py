"""
RFC 3164, and what is sent in its name: ``[<PRI>][stamp] [hostname] [tag:] text``, where every part may be missing.

    <34>Oct 11 22:14:15 gate su[230]: text      all parts
    <34>su: text                                no stamp, so no host name: the sender's address
    Oct 11 22:14:15 gate su: text               no PRI: user.notice (RFC 3164 §4.3.3)
    Use the BFG!                                no part at all: the text
    <999>Oct 11 22:14:15 gate su: text          no such PRI: all of it is the text

Reads every text. The parts are read by ``stamp.py``, ``hostname.py`` and ``tag.py``; ``cisco.py`` and ``pairs.py`` know
the headers of certain devices.
"""

import re

from collector.batch import Record
from collector.protocol.parsers.cisco import read_cisco
from collector.protocol.parsers.context import Context
from collector.protocol.parsers.header import Header
from collector.protocol.parsers.hostname import read_hostname, read_named
from collector.protocol.parsers.pairs import read_pairs
from collector.protocol.parsers.pri import Priority
from collector.protocol.parsers.stamp import read_stamp
from collector.protocol.parsers.tag import Tag, read_tag
from collector.protocol.timestamp import bsd_stamp

_BLANKS = re.compile(r" *")
_BOM = "\ufeff"


def read(text: str, priority: Priority, context: Context) -> Record:
    """The record; what fits no part is its message."""
    header = _read_header(text, priority, context)
    tag = _read_tag(text, header, priority)
    timestamp, time_source, skewed = context.judge(header.moment)
    bom = ("bom",) if text.startswith(_BOM, tag.end) else ()
    return Record(
        priority.pri, timestamp, context.received_at, header.hostname or context.name_of(context.peer),
        tag.app_name, tag.proc_id, None, header.data or {}, text[tag.end + len(bom) :], context.peer, context.charset,
        time_source, header.shown or bsd_stamp(context.received_at.astimezone(context.zone)),
        header.lead + text[header.end :], priority.marks + _time_marks(header) + skewed + header.marks + bom,
    )  # fmt: skip


def _read_header(text: str, priority: Priority, context: Context) -> Header:
    if "bad_pri" in priority.marks:
        return Header(end=0)
    blanks = _BLANKS.match(text, priority.end)
    start = blanks.end() if blanks else priority.end
    header = _read_stamped(text, start, context) or read_cisco(text, start, context) or read_pairs(text, start, context)
    if header:
        return header
    name = read_named(text, start)
    if name.name:
        return Header(end=name.end, hostname=name.name)
    # Of the blanks one parts the PRI from the text; without a PRI they are all text.
    return Header(end=priority.end + (start > priority.end > 0))


def _read_stamped(text: str, start: int, context: Context) -> Header | None:
    stamp = read_stamp(text, start, context)
    if stamp is None:
        return None
    name = read_hostname(text, stamp.end)
    return Header(end=name.end, hostname=name.name, moment=stamp.moment, shown=stamp.shown)


def _read_tag(text: str, header: Header, priority: Priority) -> Tag:
    """Text without PRI and header is no message in any form: its first word is no tag, though a colon follows."""
    if not priority.end and not (header.shown or header.hostname):
        return Tag(None, None, header.end)
    return read_tag(text, header.end)


def _time_marks(header: Header) -> tuple[str, ...]:
    if header.moment is not None:
        return ()
    return ("bad_timestamp",) if header.shown else ("no_timestamp",)
