"""
RFC 5424 §6: ``<PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]``, ``-`` for what is absent.

    <165>1 2003-10-11T22:14:15.003Z mymachine su - ID47 [a b="c"] text     read
    <134>2 2003-10-11 22:14:15 gw app 12 - - text                          read: another version, a blank in the time
    <13>1 2003-10-11T22:14:15Z host app                                    read as far as it goes: short_header
    <13>1 of us, not a header                                              None: no RFC 5424 at all

Lengths are not limited. Versions 1 to 999 are read alike, any but 1 is marked. Structured data that cannot be read
stays at the start of the message. The header is ASCII without controls by the standard; other letters are let through.
"""

import re
from datetime import datetime

from collector.batch import Record
from collector.protocol.parsers.context import Context
from collector.protocol.parsers.pri import Priority
from collector.protocol.parsers.structured_data import read_structured_data
from collector.protocol.parsers.tag import tagged
from collector.protocol.timestamp import ISO, bsd_stamp, parse_iso

_WORD = r"[^\x00-\x20\x7f]+"
_VERSION = r"([1-9][0-9]{0,2}) +"
_STAMP = rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_WORD}|{_WORD})"  # Check Point writes a blank for the T
_HEADER = re.compile(rf"{_VERSION}{_STAMP}(?: +({_WORD})(?: +({_WORD})(?: +({_WORD})(?: +({_WORD}))?)?)?)?(?: +|\Z)")
_HAS_DIGIT = re.compile(r"[0-9]")
_BOM = "\ufeff"


def read(text: str, priority: Priority, context: Context) -> Record | None:
    """The record, or None when the text after the PRI is no RFC 5424 header."""
    match = _HEADER.match(text, priority.end)
    if match is None:
        return None
    version, stamp, hostname, app_name, proc_id, msg_id = match.groups("-")
    moment = None if stamp == "-" else parse_iso(stamp, context.zone)
    if (moment is None and not _is_header(text, match, priority)) or not _is_whole(text, match):
        return None
    timestamp, time_source, skewed = context.judge(moment)
    data = read_structured_data(text, match.end())
    message, bom = _message(text, data.end)
    app, pid = _value(app_name), _value(proc_id)
    return Record(
        priority.pri, timestamp, context.received_at, _value(hostname) or context.name_of(context.peer), app, pid,
        _value(msg_id), data.data, message, context.peer, context.charset, time_source,
        bsd_stamp(moment or context.received_at.astimezone(context.zone)), tagged(app, pid, message),
        priority.marks + _header_marks(version, stamp, moment, match) + skewed + data.marks + bom,
    )  # fmt: skip


def _is_header(text: str, match: re.Match[str], priority: Priority) -> bool:
    """Whether a header without a possible time is one: ``1 of the cats is - odd`` begins like one, too."""
    if ISO.fullmatch(match[2]):
        return True
    if not priority.end:
        return False
    if text.startswith(("-", "["), match.end()):
        return match[2] == "-" or _HAS_DIGIT.search(match[2]) is not None
    return match[2] == "-" and "-" in match.groups()[2:]


def _is_whole(text: str, match: re.Match[str]) -> bool:
    """Whether fields are missing only because the message ends, not because the next one is none."""
    return match[6] is not None or match.end() == len(text)


def _value(field: str) -> str | None:
    return None if field == "-" else field


def _header_marks(version: str, stamp: str, moment: datetime | None, match: re.Match[str]) -> tuple[str, ...]:
    marks: tuple[str, ...] = () if version == "1" else ("odd_version",)
    if moment is None:
        marks += ("no_timestamp",) if stamp == "-" else ("bad_timestamp",)
    return marks if match.end() < len(match.string) else (*marks, "short_header")


def _message(text: str, end: int) -> tuple[str, tuple[str, ...]]:
    """The message after the data: one blank parts them (§6), and a BOM says that it is UTF-8 (§6.4)."""
    start = end + text.startswith(" ", end)
    if text.startswith(_BOM, start):
        return text[start + 1 :], ("bom",)
    return text[start:], ()
