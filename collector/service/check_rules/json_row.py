"""One record as we write it, parsed: when it was received, the line that shows it, and all that is known of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from collector.batch import Record
from collector.priority import FACILITY_NUMBERS, SEVERITY_NUMBERS
from collector.protocol.parsers.tag import tagged
from collector.protocol.parsers.windows.ntsyslog import TYPES
from collector.protocol.timestamp import MONTHS
from collector.protocol.visible import show_controls, show_undecoded

_NTSYSLOG = {kind: word for word, kind in TYPES.items()}
_KINDS = tuple(
    {
        **dict.fromkeys(("hostname", "app_name", "proc_id", "msg_id", "peer", "charset", "time_source"), str),
        **dict.fromkeys(("structured_data", "fields"), dict),
        "marks": list,
    }.items()
)

Row = tuple[str, float, float]
"""The line that rules search, with PRI and LF; when it was received; and by which time it is judged."""


def row_of(line: bytes) -> Row | None:
    """None for what is no record."""
    try:
        parsed = parsed_row(line)
        received = seconds(parsed.get("received_at") or parsed["timestamp"])
        sent = seconds(parsed["timestamp"])
        before = shown_before(parsed, parsed.get("charset", ""))
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return None
    time = min(sent, received) if parsed.get("time_source", "sender") == "sender" else received
    return f"{before}{_text(parsed)}\n", received, time


def parsed_row(line: str | bytes) -> Mapping[str, Any]:
    """Raises ValueError, KeyError, TypeError or RecursionError for what is no record."""
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row["message"], str):
        raise TypeError
    check_kinds(row)
    return row


def check_kinds(row: Mapping[str, Any]) -> None:
    """Raises TypeError where a value is of another kind than it can be."""
    for name, kind in _KINDS:
        value = row.get(name)
        if value is not None and not isinstance(value, kind):
            raise TypeError


@lru_cache(maxsize=10_000)
def seconds(text: str) -> float:
    return _time(text).timestamp()


@lru_cache(maxsize=10_000)
def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def shown_before(row: Mapping[str, Any], charset: str) -> str:
    """PRI, stamp and host name, and the blank behind it. Raises LookupError or ValueError."""
    return f"<{_pri(row)}>{_stamp(row['timestamp'])} {visible(row.get('hostname') or '-', charset)} "


def _pri(row: Mapping[str, Any]) -> int:
    return FACILITY_NUMBERS[row.get("facility", "user")] * 8 + SEVERITY_NUMBERS[row.get("severity", "notice")]


@lru_cache(maxsize=10_000)
def _stamp(timestamp: str) -> str:
    """The BSD stamp, in the zone in which the time is written."""
    return f"{MONTHS[int(timestamp[5:7]) - 1]} {int(timestamp[8:10]):2d} {timestamp[11:19]}"


def _text(row: Mapping[str, Any]) -> str:
    """What stands behind the host name."""
    app, process = row.get("app_name"), row.get("proc_id")
    kind = None if process else kind_of(row)
    text = of_ntsyslog(app, kind, row["message"]) if app and kind else tagged(app, process, row["message"])
    return visible(text, row.get("charset", ""))


def kind_of(row: Mapping[str, Any]) -> str | None:
    """What stood in brackets behind the name of the log, where NTsyslog sent it."""
    fields = row.get("fields")
    if not fields or "Provider_Name" in fields or "Channel" not in fields:
        return None
    return _NTSYSLOG.get(str(fields.get("EntryType")))


def of_ntsyslog(log: str, kind: str, message: str) -> str:
    return f"{log}[{kind}] {message}" if message else f"{log}[{kind}]"


def visible(text: str, charset: str) -> str:
    """As a traditional file shows it; of an unknown charset, what could not be decoded is written so already."""
    if text.isprintable() and "#" not in text:
        return text
    return show_controls(text if charset == "unknown" else show_undecoded(text))


def record_of(row: Mapping[str, Any]) -> Record:
    return Record(
        pri=_pri(row),
        timestamp=_time(row["timestamp"]),
        received_at=_time(row.get("received_at") or row["timestamp"]),
        hostname=row.get("hostname"),
        app_name=row.get("app_name"),
        proc_id=row.get("proc_id"),
        msg_id=row.get("msg_id"),
        structured_data=row.get("structured_data") or {},
        message=row["message"],
        peer=row.get("peer"),
        charset=row.get("charset", "utf-8"),
        time_source=row.get("time_source", "sender"),
        stamp=_stamp(row["timestamp"]),
        text=_text(row),
        marks=tuple(row.get("marks") or ()),
    )
