"""The tolerant way: one line that the fast parser left, with everything known of its sender, into an ``Odd``."""

from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from collector.batch import Fix, Odd, Record
from collector.protocol.hosts import HostMap
from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.context import judge
from collector.protocol.render import Moment, Resolved
from collector.protocol.timestamp import parse_bsd, parse_iso
from collector.protocol.visible import reveal


class Interpreter:
    """
    Holds what the configuration says of time: the default zone, zones of hosts, and how far a stamp may be off.

    ``max_skew`` is in seconds; a stamp further from the clock is kept but not used (``time_source`` becomes
    ``arrival``). None trusts every stamp, which is right for old files.
    """

    def __init__(self, zone: tzinfo, zones: HostMap[tzinfo], max_skew: float | None) -> None:
        self.zone = zone
        self._zoned = bool(zones)
        self._zones = zones
        self._max_skew = max_skew

    def within(self, zone: tzinfo | None) -> "Interpreter":
        """The same with another default zone."""
        return Interpreter(zone or self.zone, self._zones, self._max_skew)

    def trusting(self, zone: tzinfo | None) -> "Interpreter":
        """The same for messages that are not received now but read from a file: any stamp may be right."""
        return Interpreter(zone or self.zone, self._zones, None)

    def read(self, line: str, fix: Fix | None, peer: str | None, received_at: datetime) -> Odd:
        """``line`` is the message in its visible form; where it differs from what was sent, ``fix`` knows."""
        if fix is None:
            record = self._parse(line, peer, received_at, "ascii" if line.isascii() else "utf-8")
            return Odd(record, record, traditional_line(record), line)
        # Parsed once, from the line everybody sees: every file tells the same of a message. The record then gets its
        # text back as it was sent.
        visible = self._parse(line, peer, received_at, fix.charset)
        visible.marks += fix.marks
        record = visible if fix.exact == line else _as_sent(visible, damaged=fix.damaged)
        return Odd(record, visible, traditional_line(visible), line)

    def moment(self, received_at: datetime, text: str | None = None) -> Moment:
        """What the rows received at this time, whose text this is, share."""
        return Moment(received_at, partial(self._resolve, received_at), zoned=self._zoned, text=text)

    def _resolve(self, received_at: datetime, stamp: str, hostname: str, peer: str | None) -> Resolved:
        """The time of a stamp that the fast parser found well formed."""
        zone = self._zone_of(hostname, peer)
        time = parse_iso(stamp, zone) if stamp[0].isdigit() else parse_bsd(stamp, received_at, zone)
        if time is None:
            return received_at, "arrival", ("bad_timestamp",)
        return judge(time, received_at, self._max_skew)

    def _parse(self, text: str, peer: str | None, received_at: datetime, charset: str) -> Record:
        zone = self._zone_of(None, peer)
        record = parse(text, Context(received_at, zone, peer, charset, self._max_skew))
        own = self._zone_of(record.hostname, peer)
        if own is zone:
            return record
        return parse(text, Context(received_at, own, peer, charset, self._max_skew))

    def _zone_of(self, hostname: str | None, peer: str | None) -> tzinfo:
        if not self._zoned:
            return self.zone
        return self._zones.find(hostname, peer) or self.zone


def _as_sent(visible: Record, *, damaged: bool) -> Record:
    """The record with control characters in the place of their ``#ooo``."""
    text = partial(reveal, damaged=damaged)
    return replace(
        visible,
        hostname=visible.hostname and text(visible.hostname),
        app_name=visible.app_name and text(visible.app_name),
        proc_id=visible.proc_id and text(visible.proc_id),
        msg_id=visible.msg_id and text(visible.msg_id),
        message=text(visible.message),
        structured_data={
            sd_id: {
                name: [text(one) for one in value] if isinstance(value, list) else text(value)
                for name, value in params.items()
            }
            for sd_id, params in visible.structured_data.items()
        },
    )


def traditional_line(record: Record) -> str:
    """``Mmm dd hh:mm:ss host text``: the line of a traditional file, and what rules search."""
    return f"{record.stamp} {record.hostname or '-'} {record.text}"
