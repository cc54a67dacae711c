"""Record: one message with everything that is known of it, made on demand. See ``docs/architecture.md``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

StructuredData = Mapping[str, Mapping[str, str | list[str]]]


@dataclass(slots=True)
class Record:
    """
    One message, its fields named as in RFC 5424. What the message does not carry is None.

    ``stamp`` and ``text`` are what a traditional file shows before and after the host name; ``marks`` names what was
    wrong or unusual about the message (``no_pri``, ``bad_structured_data`` …).
    """

    pri: int
    timestamp: datetime
    received_at: datetime
    hostname: str | None
    app_name: str | None
    proc_id: str | None
    msg_id: str | None
    structured_data: StructuredData
    message: str
    peer: str | None
    charset: str
    time_source: str
    stamp: str
    text: str
    marks: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
