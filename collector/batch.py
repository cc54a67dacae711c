"""
Batch and Record: the two shapes a message has on its way.

A ``Batch`` is what arrived together, still as text: one block of bytes, a line per message. It is cut into rows by one
C call (``protocol/parsers/scan.py``), and no object is made per message unless a message needs it. A ``Record`` is one
message with everything that is known of it, made on demand.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

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


class Odd(NamedTuple):
    """
    A message the fast parser does not read: what the tolerant parser made of it, and how it looks in a file.

    ``record`` holds the text as it was sent; ``visible`` the same with control characters made visible, for formats of
    one line per message. They are one object where there is no difference. ``line`` is the traditional line and ``raw``
    the message as it came, both visible and without LF.
    """

    record: Record
    visible: Record
    line: str
    raw: str


class Fix(NamedTuple):
    """
    What a line was before its bytes were made fit for a log: its decoded text, its charset, and what was noticed.

    ``damaged``: some bytes could not be decoded, and stand as ``#ooo`` in ``exact``, too.
    """

    exact: str
    charset: str
    marks: tuple[str, ...]
    damaged: bool = False


@dataclass(slots=True)
class Batch:
    """
    Messages that arrived together at one source.

    ``text`` holds a line per message, each ended by LF: valid UTF-8 without control characters but TAB. ``fixes``
    tells, by row number, what a line was before it was made so. ``peers`` gives the sender of each row, in order and
    without end if need be; it is a function because on the common path nobody asks. ``empty`` counts frames that held
    nothing and have no row.
    """

    received_at: float
    text: bytes
    peers: Callable[[], Iterable[str | None]]
    fixes: dict[int, Fix]
    empty: int = 0
