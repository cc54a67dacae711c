r"""
The records of a block → rows, by one pattern for all of them: as our own files have them.

    {"timestamp":"…", … "hostname":"gate","app_name":"su","proc_id":"230", … "message":"…","peer":… ,"fields":{}}
    ╰─ first: that of many others too ──╯                                                ╰─ last: the same ─────╯

What many have in common is read once. A record that is written in any other way is read alone (``json_row.py``).
"""

import json
import re
from collections.abc import Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # the stubs leave it out
from typing import NamedTuple

from collector.protocol.parsers.tag import tagged
from collector.protocol.visible import has_controls, has_hash_octal, is_utf8
from collector.service.check_rules.json_row import (
    Row,
    check_kinds,
    kind_of,
    of_ntsyslog,
    row_of,
    seconds,
    shown_before,
    visible,
)

_VALUE = r'(?:"[^"\\]*+"|null)'
_TEXT = r'(?:"([^"\\]*+)"|null)'
_PARAM = r'"[^"\\]*+":"[^"\\]*+"'
_ELEMENT = rf'"[^"\\]*+":\{{(?:{_PARAM}(?:,{_PARAM})*+)?\}}'
_RECORD = re.compile(
    r'(\{"timestamp":"[^"]*+","received_at":"[^"]*+","facility":"[^"]*+","severity":"[^"]*+","hostname":'
    rf'{_VALUE}),"app_name":{_TEXT},"proc_id":{_TEXT},"msg_id":{_VALUE},'
    rf'"structured_data":\{{(?:{_ELEMENT}(?:,{_ELEMENT})*+)?\}},'
    r'"message":"([^"]*+(?:(?<=\\)"[^"]*+)*+)"(,"peer":.*+)\n|.*+\n'
)
"""Groups: first, application, process id, message as it is written, last. All are empty for any other line."""

_LAST = {"peer", "charset", "time_source", "marks", "fields"}


def rows_of(block: bytes) -> Sequence[Row | None]:
    """For each line its row, None for what is no record."""
    if not is_utf8(block) or b"\t" in block or has_controls(block):  # which JSON does not have as they are
        return list(map(row_of, block[:-1].split(b"\n")))
    text = block.decode()
    plain = not has_hash_octal(block)
    firsts, lasts = _Firsts(), _Lasts()
    rows: list[Row | None] = []
    found = _RECORD.findall(text)
    if len(found) != block.count(b"\n"):  # one goes over the end of a line, which cannot be
        return list(map(row_of, block[:-1].split(b"\n")))
    for first_text, app, process, written, last_text in found:
        first, last = firsts[first_text], lasts[last_text]
        message = _unescaped(written) if "\\" in written else written
        if first is None or last is None or message is None:
            rows.append(None)
            continue
        if last.kind and app and not process:
            shown = of_ntsyslog(app, last.kind, message)
        elif app and process and message and message[0] != " ":  # nearly every one
            shown = f"{app}[{process}]: {message}"
        else:
            shown = tagged(app, process, message)
        if not plain or message is not written:
            shown = visible(shown, last.charset)
        time = first.received if last.by_arrival else first.time
        rows.append((f"{first.before}{shown}\n", first.received, time))
    return _with_others(rows, block) if None in rows else rows


def _with_others(rows: list[Row | None], block: bytes) -> Sequence[Row | None]:
    return [row or row_of(line) for row, line in zip(rows, block[:-1].split(b"\n"), strict=True)]


def _unescaped(written: str) -> str | None:
    try:
        message, end = scanstring(written + '"', 0, True)
    except ValueError:
        return None
    return message if end == len(written) + 1 else None


class _First(NamedTuple):
    """``before`` is the line up to the text; the times are those of receipt, and by which a row is judged."""

    before: str
    received: float
    time: float


class _Last(NamedTuple):
    """``kind`` is what stood in NTsyslog's brackets."""

    charset: str
    by_arrival: bool
    kind: str | None


class _Firsts(dict[str, _First | None]):
    def __missing__(self, text: str) -> _First | None:
        self[text] = first = _first(text)
        return first


class _Lasts(dict[str, _Last | None]):
    def __missing__(self, text: str) -> _Last | None:
        self[text] = last = _last(text)
        return last


def _first(text: str) -> _First | None:
    if not text or "\\" in text:
        return None
    pieces = text.split('"')
    timestamp, received_at, facility, severity = pieces[3:16:4]
    row = {"timestamp": timestamp, "facility": facility, "severity": severity, "hostname": "".join(pieces[19:20])}
    try:
        received, sent = seconds(received_at or timestamp), seconds(timestamp)
        return _First(shown_before(row, ""), received, min(sent, received))
    except (ValueError, LookupError, OverflowError):
        return None


def _last(text: str) -> _Last | None:
    try:
        row = json.loads("{" + text[1:])
        check_kinds(row)
    except (ValueError, TypeError, RecursionError):
        return None
    if row.keys() != _LAST or row["charset"] is None:
        return None
    return _Last(row["charset"], row["time_source"] != "sender", kind_of(row))
