"""A row as rules see it. What no rule asks for is never worked out: most rows are given up after one regex."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

from collector.batch import Odd, Record
from collector.protocol.columns import COLUMNS
from collector.protocol.parsers.payload import fields_of
from collector.protocol.render import Moment, Pair, Time, as_json, line_of
from collector.protocol.timestamp import iso
from collector.rules.shape import shape_of

Raw = TypeVar("Raw", str, bytes)

_UNREAD: dict[str, Any] = {}
"""Stands for fields that nobody has asked for; only its identity counts."""


def time_of(pair: Pair, moment: Moment) -> float:
    """Event time, in seconds since the epoch: the sender's, or that of arrival where the stamp is not to be used."""
    row, peer = pair
    if isinstance(row, Odd):
        return (row.record.timestamp if row.record.time_source == "sender" else moment.received_at).timestamp()
    return event_time(moment.time_of(row[2], row[3], peer), moment)


def event_time(time: Time, moment: Moment) -> float:
    """The same of a stamp that has been read."""
    return (time.time if time.source == "sender" else moment.received_at).timestamp()


def comparable(found: Any) -> str | int | None:
    """A field of any kind as conditions and keys see it."""
    if found is None or type(found) is str:
        return found
    if isinstance(found, datetime):
        return iso(found)
    return found if isinstance(found, int) else json.dumps(found, ensure_ascii=False)


class Event:
    """
    ``line`` is the traditional line without LF, ``arrival`` when the row came, in seconds since the epoch, and
    ``source`` where. ``time`` is the event time, which who knows it already may give; nothing is
    sent after it has arrived, so it is never later.
    """

    __slots__ = ("_fields", "_known", "_moment", "_shape", "_time", "arrival", "line", "source")

    def __init__(self, pair: Pair, moment: Moment, arrival: float, source: str = "", time: float | None = None) -> None:
        row = pair[0]
        self.line = row.line if isinstance(row, Odd) else line_of(row)[:-1]
        self.arrival = arrival
        self.source = source
        self._known = pair
        self._moment = moment
        self._time = time
        self._shape: str | None = None
        self._fields = _UNREAD

    @property
    def _pair(self) -> Pair:
        """A property, because of some events it is found out only when it is asked for."""
        return self._known

    @property
    def time(self) -> float:
        time = self._time
        if time is None:
            self._time = time = min(time_of(self._pair, self._moment), self.arrival)
        return time

    def value(self, name: str) -> str | int | None:
        """What conditions and keys compare: a column of the record, its ``shape``, or else a field of its payload."""
        found = self.field(name)
        return found if type(found) is str else comparable(found)

    def field(self, name: str) -> Any:
        """The same as it is: templates take times and mappings apart."""
        column = COLUMNS.get(name)
        if column is not None:
            return column(self._pair, self._moment)
        if name == "shape":
            if self._shape is None:
                self._shape = shape_of(self.message)
            return self._shape
        fields = self.fields
        return fields if name == "fields" else fields.get(name)

    @property
    def message(self) -> str:
        row = self._pair[0]
        return row.record.message if isinstance(row, Odd) else row[8]

    @property
    def size(self) -> int:
        """Characters of the message, about."""
        row = self._known[0]
        return len(row.raw) if isinstance(row, Odd) else len(self.line)

    @property
    def fields(self) -> dict[str, Any]:
        """What is found in the payload."""
        if self._fields is _UNREAD:
            self._fields = fields_of(self._read())
        return self._fields

    def record(self) -> dict[str, Any]:
        """Everything known of the message, as JSON shows it."""
        return {**as_json(self._read()), "fields": self.fields}

    def _read(self) -> Record:
        row, peer = self._pair
        if isinstance(row, Odd):
            return row.record
        pri, _, stamp, hostname, tag, pid, log, msg_id, message, _ = row
        time, _, source, marks = self._moment.time_of(stamp, hostname, peer)
        return Record(
            pri=int(pri),
            timestamp=time,
            received_at=self._moment.received_at,
            hostname=hostname,
            app_name=tag or log or None,
            proc_id=pid or None,
            msg_id=msg_id or None,
            structured_data={},
            message=message,
            peer=peer,
            charset=COLUMNS["charset"](self._pair, self._moment),
            time_source=source,
            stamp=self.line[:15],
            text=self.line[17 + len(hostname) :],
            marks=tuple(json.loads(marks)),
        )


class LaterEvent(Event, Generic[Raw]):
    """
    ``read`` finds out the rest from ``raw``, the row as it came, when more is asked for. Events are remembered
    for alerts, so it may hold no more than it needs.
    """

    __slots__ = ("_raw", "_read_row")

    def __init__(
        self,
        line: str,
        time: float,
        arrival: float,
        source: str,
        read: Callable[[Raw, float], tuple[Pair, Moment]],
        raw: Raw,
    ) -> None:
        self.line = line
        self.arrival = arrival
        self.source = source
        self._time = time
        self._shape = None
        self._read_row: Callable[[Raw, float], tuple[Pair, Moment]] = read
        self._raw: Raw = raw

    @property
    def size(self) -> int:
        return len(self._raw)

    @property
    def _pair(self) -> Pair:
        self._moment  # noqa: B018 - both become known together
        return self._known

    def __getattr__(self, name: str) -> Any:
        """Of a slot that has not been filled yet."""
        if name == "_moment":
            self._known, self._moment = self._read_row(self._raw, self.arrival)
            return self._moment
        if name == "_fields":
            self._fields = fields_of(self._read())
            return self._fields
        raise AttributeError(name)
