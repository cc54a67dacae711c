r"""
Records as we write them (format ``json``, ``collector parse``) → rows as the receiver saw them.

    {"timestamp": "2026-07-23T15:54:31+09:00", "received_at": "…", "facility": "auth", "severity": "info", …}

Time of arrival, PRI, peer and whose time counts are all in it, so rules see what they saw then. The line that they
search is put together again from the fields, as ``app[pid]: message``; NTsyslog's ``security[failure]`` is known by
what its payload gave.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from collector.batch import Odd, Record
from collector.priority import FACILITY_NUMBERS, SEVERITY_NUMBERS
from collector.protocol.parsers.tag import tagged
from collector.protocol.render import Moment
from collector.protocol.timestamp import MONTHS
from collector.protocol.visible import show_controls, show_undecoded
from collector.rules.event import Event
from collector.service.check_rules.virtual_clock import VirtualClock
from collector.service.watching.shown import Shown

_NTSYSLOG = {
    "audit_success": "success", "audit_failure": "failure", "information": "info", "warning": "warning",
    "error": "error",
}  # fmt: skip
_KINDS = tuple(
    {
        **dict.fromkeys(("hostname", "app_name", "proc_id", "msg_id", "peer", "charset"), str),
        **dict.fromkeys(("structured_data", "fields"), dict),
    }.items()
)


class JsonBlock:
    """
    ``shown`` is what a prefilter scans, ``arrivals`` when each row came; ``unread`` counts lines that are no records,
    which have no row.
    """

    skewed = 0

    def __init__(self, lines: Sequence[bytes], source: str, clock: VirtualClock) -> None:
        self._source = source
        self._rows: list[Mapping[str, Any]] = []
        self._received: list[float] = []
        shown: list[str] = []
        for line in lines:
            try:
                row = _checked(json.loads(line))
                shown_row, received = _shown(row), _seconds(row.get("received_at") or row["timestamp"])
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                continue
            self._rows.append(row)
            self._received.append(received)
            shown.append(shown_row)
        self.unread = len(lines) - len(self._rows)
        self.arrivals = clock.given(self._received)
        self.shown = Shown("".join(shown).encode("utf-8", "replace"), ())

    def event(self, number: int) -> Event:
        row = self._rows[number]
        received_at = _received_at(row)
        record = _record(row, received_at)
        line = f"{record.stamp} {_visible(record.hostname or '-', record.charset)} {record.text}"
        odd = Odd(record, record, line, line)
        return Event((odd, record.peer), Moment(received_at, _never), self._received[number], self._source)


def _never(*_asked: object) -> Any:
    raise AssertionError("a record knows its time")


def _checked(row: Any) -> Mapping[str, Any]:
    """Raises TypeError or KeyError for what is no record."""
    if not isinstance(row, dict) or not isinstance(row["message"], str):
        raise TypeError
    for name, kind in _KINDS:
        value = row.get(name)
        if value is not None and not isinstance(value, kind):
            raise TypeError
    return row


def _received_at(row: Mapping[str, Any]) -> datetime:
    return _time(row.get("received_at") or row["timestamp"])


@lru_cache(maxsize=10_000)
def _seconds(text: str) -> float:
    return _time(text).timestamp()


@lru_cache(maxsize=10_000)
def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _shown(row: Mapping[str, Any]) -> str:
    charset = row.get("charset", "")
    host = _visible(row.get("hostname") or "-", charset)
    return f"<{_pri(row)}>{_stamp(row['timestamp'])} {host} {_text(row, charset)}\n"


def _pri(row: Mapping[str, Any]) -> int:
    return FACILITY_NUMBERS[row.get("facility", "user")] * 8 + SEVERITY_NUMBERS[row.get("severity", "notice")]


@lru_cache(maxsize=10_000)
def _stamp(timestamp: str) -> str:
    """The BSD stamp, in the zone in which the time is written."""
    return f"{MONTHS[int(timestamp[5:7]) - 1]} {int(timestamp[8:10]):2d} {timestamp[11:19]}"


def _text(row: Mapping[str, Any], charset: str) -> str:
    """What stands behind the host name."""
    text = _of_ntsyslog(row) or tagged(row.get("app_name"), row.get("proc_id"), row["message"])
    return _visible(text, charset)


def _of_ntsyslog(row: Mapping[str, Any]) -> str | None:
    fields = row.get("fields") or {}
    kind = _NTSYSLOG.get(fields.get("EntryType", ""))
    if kind is None or row.get("proc_id") or "Provider_Name" in fields or "Channel" not in fields:
        return None
    return f"{row['app_name']}[{kind}] {row['message']}"


def _visible(text: str, charset: str) -> str:
    """As a traditional file shows it; of an unknown charset, what could not be decoded is written so already."""
    if text.isprintable() and "#" not in text:
        return text
    return show_controls(text if charset == "unknown" else show_undecoded(text))


def _record(row: Mapping[str, Any], received_at: datetime) -> Record:
    charset = row.get("charset", "utf-8")
    return Record(
        pri=_pri(row),
        timestamp=_time(row["timestamp"]),
        received_at=received_at,
        hostname=row.get("hostname"),
        app_name=row.get("app_name"),
        proc_id=row.get("proc_id"),
        msg_id=row.get("msg_id"),
        structured_data=row.get("structured_data") or {},
        message=row["message"],
        peer=row.get("peer"),
        charset=charset,
        time_source=row.get("time_source", "sender"),
        stamp=_stamp(row["timestamp"]),
        text=_text(row, charset),
        marks=tuple(row.get("marks", ())),
    )
