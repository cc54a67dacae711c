"""A record of an alert, which is JSON, under the names by which templates ask for parts of a row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collector.priority import FACILITY_NUMBERS, SEVERITY_NUMBERS, pri_of
from collector.protocol.hosts import address_of
from collector.protocol.parsers.tag import tagged
from collector.protocol.render import structured_data_text
from collector.protocol.timestamp import MONTHS
from collector.protocol.visible import show_controls


def row_values(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the payload, the record, and what ``protocol/columns.py`` makes of it, where it can be made."""
    name, process, peer = record.get("app_name"), record.get("proc_id"), record.get("peer")
    facility, severity = record.get("facility"), record.get("severity")
    return {
        **record.get("fields", {}),
        **record,
        "program": name and (name.partition("/")[0] or name),
        "tag": name and (f"{name}[{process}]:" if process else f"{name}:"),
        "address": peer and address_of(peer),
        "sd": structured_data_text(record.get("structured_data", {})) or None,
        "pri": pri_of(FACILITY_NUMBERS[facility], SEVERITY_NUMBERS[severity]) if facility and severity else None,
        "line": line_of(record),
    }


def line_of(record: Mapping[str, Any]) -> str:
    """The record as a line of a traditional file."""
    text = tagged(record.get("app_name"), record.get("proc_id"), show_controls(record.get("message") or ""))
    stamp = _bsd(record.get("timestamp"))
    return " ".join(part for part in (stamp, record.get("hostname"), text) if part)


def _bsd(timestamp: Any) -> str:
    """``Oct  1 22:14:15``, in the zone of the sender."""
    try:
        time = datetime.fromisoformat(timestamp)
    except (TypeError, ValueError):
        return ""
    return f"{MONTHS[time.month - 1]} {time.day:2} {time:%H:%M:%S}"
