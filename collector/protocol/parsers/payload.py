"""
What the text of a message says in a form of its own, as named fields: ``Record.fields``.

The names are those of Windows and Sigma: ``Channel EventID EntryType Provider_Name Computer User``, and those of the
event's own data. A payload is only read where somebody asks for such a field; whatever it holds, nothing raises.
"""

from typing import Any

from collector.batch import Record
from collector.protocol.parsers.windows import labels, ntsyslog

PAYLOADS = {"ntsyslog": ntsyslog.read}
"""Readers by name: ``read(record)`` gives the fields, or None when it is no such payload."""

NAMES = labels.DATA | {"Channel", "EventID", "EntryType", "Provider_Name", "Computer", "User"}
"""Fields that are known beforehand. A payload may have others."""


def fields_of(record: Record) -> dict[str, Any]:
    """The fields of the first reader that knows the payload; {} when none does."""
    for read in PAYLOADS.values():
        fields = read(record)
        if fields is not None:
            return fields
    return {}
