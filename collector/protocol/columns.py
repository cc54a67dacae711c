"""
The fields of a row by name, for filters, path templates and line formats.

A field is read from the row when it is asked for; what a row of the fast parser cannot carry is None or empty there.
"""

from collections.abc import Callable, Collection
from typing import Any

from collector.batch import Odd
from collector.priority import facility_of, severity_of
from collector.protocol.hosts import address_of
from collector.protocol.render import Moment, Pair, line_of, raw_of, structured_data_text

Column = Callable[[Pair, Moment], Any]


def _time(pair: Pair, moment: Moment) -> Any:
    row, peer = pair
    return row.record.timestamp if isinstance(row, Odd) else moment.time_of(row[2], row[3], peer)[0]


def _time_source(pair: Pair, moment: Moment) -> Any:
    row, peer = pair
    return row.record.time_source if isinstance(row, Odd) else moment.time_of(row[2], row[3], peer)[2]


def _pri(pair: Pair) -> int:
    row = pair[0]
    return row.record.pri if isinstance(row, Odd) else int(row[0])


def _app_name(pair: Pair) -> str | None:
    row = pair[0]
    return row.record.app_name if isinstance(row, Odd) else row[4] or row[6] or None


def _proc_id(pair: Pair) -> str | None:
    row = pair[0]
    return row.record.proc_id if isinstance(row, Odd) else row[5] or None


def _program(pair: Pair, _moment: Moment) -> str | None:
    """The app name up to a slash, as rsyslog and BSD name programs: ``postfix`` of ``postfix/smtpd``."""
    name = _app_name(pair)
    return name and (name.partition("/")[0] or name)


def _tag(pair: Pair, _moment: Moment) -> str | None:
    """``sshd[411]:``, as a line of RFC 3164 has it."""
    name, process = _app_name(pair), _proc_id(pair)
    return name and (f"{name}[{process}]:" if process else f"{name}:")


def _sd(pair: Pair, _moment: Moment) -> str | None:
    """Structured data as RFC 5424 writes it."""
    return (structured_data_text(pair[0].record.structured_data) or None) if isinstance(pair[0], Odd) else None


def _charset(pair: Pair, _moment: Moment) -> str:
    row = pair[0]
    if isinstance(row, Odd):
        return row.record.charset
    return "ascii" if row[1].isascii() else "utf-8"


def _line(pair: Pair, _moment: Moment) -> str:
    row = pair[0]
    return row.line if isinstance(row, Odd) else line_of(row)[:-1]


def _raw(pair: Pair, _moment: Moment) -> str:
    row = pair[0]
    return row.raw if isinstance(row, Odd) else raw_of(row)[:-1]


COLUMNS: dict[str, Column] = {
    "timestamp": _time,
    "received_at": lambda _, moment: moment.received_at,
    "pri": lambda pair, _: _pri(pair),
    "facility": lambda pair, _: facility_of(_pri(pair)),
    "severity": lambda pair, _: severity_of(_pri(pair)),
    "hostname": lambda pair, _: pair[0].record.hostname if isinstance(pair[0], Odd) else pair[0][3],
    "app_name": lambda pair, _: _app_name(pair),
    "program": _program,
    "tag": _tag,
    "proc_id": lambda pair, _: _proc_id(pair),
    "msg_id": lambda pair, _: pair[0].record.msg_id if isinstance(pair[0], Odd) else pair[0][7] or None,
    "structured_data": lambda pair, _: pair[0].record.structured_data if isinstance(pair[0], Odd) else {},
    "sd": _sd,
    "message": lambda pair, _: pair[0].record.message if isinstance(pair[0], Odd) else pair[0][8],
    "peer": lambda pair, _: pair[1],
    "address": lambda pair, _: pair[1] and address_of(pair[1]),
    "charset": _charset,
    "time_source": _time_source,
    "line": _line,
    "raw": _raw,
}


def reader(names: Collection[str]) -> Callable[[Pair, Moment], dict[str, Any]]:
    """
    A function that reads just these fields of a row.

    Raises:
        KeyError: there is no such field.
    """
    columns = [(name, COLUMNS[name]) for name in names]

    def read(pair: Pair, moment: Moment) -> dict[str, Any]:
        return {name: column(pair, moment) for name, column in columns}

    return read
