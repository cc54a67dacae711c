"""
Rows → the lines of a file. A format turns a box of rows into bytes in one go.

``traditional``  ``Mmm dd hh:mm:ss host tag: text``, as every syslogd wrote it and every tool reads it
``rfc5424``      RFC 5424 §6, structured data kept
``json``         one object per line, all that is known of the message
``raw``          ``<PRI>`` and the message as it came

Each format has two halves: one for the rows of the fast parser, one for a ``Record``; they agree on what both can say
(``tests/properties/test_render.py``).
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from collector.batch import Odd, Record, StructuredData
from collector.priority import PRI_COUNT, facility_of, severity_of
from collector.protocol.parsers.scan import FullRow
from collector.protocol.parsers.tag import tagged
from collector.protocol.parsers.windows.ntsyslog import header_fields
from collector.protocol.timestamp import MONTHS, iso

Row = FullRow | Odd
Pair = tuple[Row, str | None]
"""A row of a box: what the fast parser or the tolerant one made of a message, and its peer."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_UNSEEN = re.compile(r"[\x7f-\x9f\u2028\u2029]")

Format = Callable[[Sequence[Pair], "Moment"], bytes]

_PRI_JSON = {str(pri): f'"facility":"{facility_of(pri)}","severity":"{severity_of(pri)}"' for pri in range(PRI_COUNT)}


Resolved = tuple[datetime, str, tuple[str, ...]]
"""A time, its source, ``sender`` or ``arrival``, and marks."""


class Time(NamedTuple):
    """A time, the same as RFC 3339 text, its source, and the marks as JSON."""

    time: datetime
    text: str
    source: str
    marks: str


class Moment:
    """
    What the rows of a batch share: when they were received, and how their stamps are read.

    ``resolve(stamp, hostname, peer)`` gives the sender's time, whose time counts, and what was noticed. ``by_stamp``
    keeps the answers, as the rows of a batch nearly all share a second; it stays empty when hosts have their own zones.
    ``ascii`` and ``plain`` say that no row holds a character beyond ASCII, or one that JSON escapes; known when the
    ``text`` of the batch is given.
    """

    def __init__(
        self,
        received_at: datetime,
        resolve: Callable[[str, str, str | None], Resolved],
        *,
        zoned: bool = False,
        text: str | None = None,
    ) -> None:
        self.received_at = received_at
        self.received_text = iso(received_at)
        self.by_stamp: dict[str, Time] = {}
        self.ascii = text is not None and text.isascii()
        self.plain = text is not None and "\\" not in text and '"' not in text and "\t" not in text
        self._resolve = resolve
        self._zoned = zoned

    def time_of(self, stamp: str, hostname: str, peer: str | None) -> Time:
        """When a message was sent; ``stamp`` is one that the fast parser read."""
        found = self.by_stamp.get(stamp)
        if found is None:
            time, source, marks = self._resolve(stamp, hostname, peer)
            found = Time(time, iso(time), source, json.dumps(marks))
            if not self._zoned:
                self.by_stamp[stamp] = found
        return found


def line_of(row: FullRow) -> str:
    """The traditional line of a row, with its LF: one of RFC 5424 gets a BSD stamp and a tag."""
    _, rest, stamp, hostname, app_name, pid, _, _, message, _ = row
    if stamp[0].isalpha():
        return rest
    bsd = f"{MONTHS[int(stamp[5:7]) - 1]} {int(stamp[8:10]):2d} {stamp[11:19]}"
    return f"{bsd} {hostname} {tagged(app_name, pid, message)}\n"


def traditional(pairs: Sequence[Pair], _moment: Moment) -> bytes:
    return "".join([row.line + "\n" if isinstance(row, Odd) else line_of(row) for row, _ in pairs]).encode()


def raw(pairs: Sequence[Pair], _moment: Moment) -> bytes:
    return "".join([row.raw + "\n" if isinstance(row, Odd) else raw_of(row) for row, _ in pairs]).encode()


def raw_of(row: FullRow) -> str:
    """The message as it came, with its LF, also where its header has been rewritten."""
    return f"<{row[0]}>{row[9] or row[1]}"


def rfc5424(pairs: Sequence[Pair], moment: Moment) -> bytes:
    lines: list[str] = []
    for row, peer in pairs:
        if isinstance(row, Odd):
            lines.append(rfc5424_line(row.visible))
            continue
        pri, _, stamp, hostname, tag, pid, log, msg_id, message, _ = row
        time = moment.time_of(stamp, hostname, peer)[1]
        lines.append(f"<{pri}>1 {time} {hostname} {tag or log or '-'} {pid or '-'} {msg_id or '-'} - {message}\n")
    return "".join(lines).encode()


def json_lines(pairs: Sequence[Pair], moment: Moment) -> bytes:
    known = moment.by_stamp
    plain, ascii_only = moment.plain, moment.ascii
    received = moment.received_text
    charset = "ascii"
    last_peer: str | None = None
    sender = "null"
    lines: list[str] = []
    for row, peer in pairs:
        if isinstance(row, Odd):
            lines.append(json_line(row.record))
            continue
        pri, rest, stamp, hostname, tag, pid, log, msg_id, message, _ = row
        _, time, source, marks = known.get(stamp) or moment.time_of(stamp, hostname, peer)
        if not plain:
            tag, pid, msg_id, message = map(_escaped_json, (tag, pid, msg_id, message))
        if peer is not last_peer:
            last_peer, sender = peer, f'"{peer}"' if peer else "null"
        if not ascii_only:
            charset = "ascii" if rest.isascii() else "utf-8"
        if tag and pid and not msg_id:  # nearly every line: no need to find out what is null
            names, fields = f'"app_name":"{tag}","proc_id":"{pid}","msg_id":null', "{}"
        else:
            names = _names(tag or log, pid, msg_id)
            fields = _fields_of_log(log, rest, len(stamp) + len(hostname) + 2) if log else "{}"
        lines.append(
            f'{{"timestamp":"{time}","received_at":"{received}",{_PRI_JSON[pri]},"hostname":"{hostname}",{names},'
            f'"structured_data":{{}},"message":"{message}","peer":{sender},"charset":"{charset}",'
            f'"time_source":"{source}","marks":{marks},"fields":{fields}}}\n'
        )
    return "".join(lines).encode()


FORMATS: dict[str, Format] = {"traditional": traditional, "rfc5424": rfc5424, "json": json_lines, "raw": raw}


def rfc5424_line(record: Record) -> str:
    """RFC 5424 §6: header fields may hold no blank; what does not fit is replaced by ``_`` there."""
    header = " ".join(
        _header_field(value) for value in (record.hostname, record.app_name, record.proc_id, record.msg_id)
    )
    data = structured_data_text(record.structured_data) or "-"
    return f"<{record.pri}>1 {iso(record.timestamp)} {header} {data} {record.message}\n"


def json_line(record: Record) -> str:
    return escape_unseen(_encode(as_json(record))) + "\n"


def escape_unseen(text: str) -> str:
    """JSON in which nothing is hidden: it escapes the C0 controls by itself; DEL, C1 and Unicode's line ends, here."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_json(record: Record) -> dict[str, Any]:
    """
    The record under the names and in the order of the documentation. Of fields that nobody has read, those are there
    without which the line could not be put together again.
    """
    return {
        "timestamp": iso(record.timestamp),
        "received_at": iso(record.received_at),
        "facility": facility_of(record.pri),
        "severity": severity_of(record.pri),
        "hostname": record.hostname,
        "app_name": record.app_name,
        "proc_id": record.proc_id,
        "msg_id": record.msg_id,
        "structured_data": record.structured_data,
        "message": record.message,
        "peer": record.peer,
        "charset": record.charset,
        "time_source": record.time_source,
        "marks": list(record.marks),
        "fields": record.fields or header_fields(record.app_name, record.text),
    }


def structured_data_text(data: StructuredData) -> str:
    """RFC 5424 §6.3: quotation mark, backslash and closing bracket of a value are escaped."""
    return "".join(
        "["
        + sd_id
        + "".join(f' {name}="{_escaped(one)}"' for name, value in params.items() for one in _each(value))
        + "]"
        for sd_id, params in data.items()
    )


def _names(app_name: str, proc_id: str, msg_id: str) -> str:
    fields = (("app_name", app_name), ("proc_id", proc_id), ("msg_id", msg_id))
    return ",".join([f'"{name}":"{value}"' if value else f'"{name}":null' for name, value in fields])


def _fields_of_log(log: str, line: str, start: int) -> str:
    """The text of a line begins there with the name of a log of Windows and the type of the event in brackets."""
    return _fields_of_tag(log, line[start : line.index("]", start) + 2])


@lru_cache(maxsize=1024)
def _fields_of_tag(log: str, tag: str) -> str:
    return _encode(header_fields(log, tag))


def _escaped_json(text: str) -> str:
    """The three characters of a clean line that JSON escapes."""
    if "\\" not in text and '"' not in text and "\t" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


def _each(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _header_field(value: str | None) -> str:
    return "_".join(value.split()) if value and not value.isspace() else "-"
