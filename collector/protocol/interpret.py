"""The tolerant way: one line that the fast parser left, with everything known of its sender, into an ``Odd``."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Literal

from collector.batch import Fix, Odd, Record
from collector.protocol.hosts import HostMap
from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.context import NameOf, judge, sender_of
from collector.protocol.policy import Policy
from collector.protocol.render import Moment, Resolved
from collector.protocol.rewrite import Rewrite
from collector.protocol.timestamp import bsd_stamp, parse_bsd, parse_iso
from collector.protocol.visible import reveal


@dataclass(frozen=True, slots=True)
class Interpreter:
    """
    Holds what the configuration says of time and names: the default zone, zones of hosts, the policy of the source.

    ``max_skew`` is in seconds; a stamp further from the clock is kept but not used (``time_source`` becomes
    ``arrival``). None trusts every stamp, which is right for old files. ``name_of`` gives the name of a peer.
    """

    zone: tzinfo
    zones: HostMap[tzinfo]
    max_skew: float | None
    hostname: Literal["message", "peer"] = "message"
    time: Literal["sender", "arrival"] = "sender"
    name_of: NameOf = sender_of

    def under(self, policy: Policy) -> "Interpreter":
        """The same for a source with this policy."""
        return replace(
            self,
            zone=policy.zone or self.zone,
            max_skew=policy.max_skew,
            hostname=policy.hostname,
            time=policy.time,
        )

    def within(self, zone: tzinfo | None) -> "Interpreter":
        """The same with another default zone."""
        return replace(self, zone=zone or self.zone)

    def trusting(self, zone: tzinfo | None) -> "Interpreter":
        """The same for messages that are not received now but read from a file: any stamp may be right."""
        return replace(self, zone=zone or self.zone, max_skew=None)

    @property
    def rewrites(self) -> bool:
        """Whether messages are shown with another header than they came with."""
        return self.hostname == "peer" or self.time == "arrival"

    def rewrite(self, received_at: datetime) -> Rewrite:
        """What does so to the rows received at this time."""
        name_of = self.name_of if self.hostname == "peer" else None
        return Rewrite(name_of, received_at.astimezone(self.zone) if self.time == "arrival" else None)

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
        return Moment(received_at, partial(self._resolve, received_at), zoned=bool(self.zones), text=text)

    def _resolve(self, received_at: datetime, stamp: str, hostname: str, peer: str | None) -> Resolved:
        """The time of a stamp that the fast parser found well formed."""
        zone = self._zone_of(hostname, peer)
        time = parse_iso(stamp, zone) if stamp[0].isdigit() else parse_bsd(stamp, received_at, zone)
        if time is None:
            return received_at, "arrival", ("bad_timestamp",)
        if self.time == "arrival":
            return received_at, "arrival", ()
        return judge(time, received_at, self.max_skew)

    def _parse(self, text: str, peer: str | None, received_at: datetime, charset: str) -> Record:
        name = self.name_of(peer) if self.hostname == "peer" else None
        zone = self._zone_of(name, peer)
        max_skew = self.max_skew if self.time == "sender" else None
        context = Context(received_at, zone, peer, charset, max_skew, self.name_of)
        record = parse(text, context)
        own = self._zone_of(name or record.hostname, peer)
        if own is not zone:
            record = parse(text, replace(context, zone=own))
        if name:
            record.hostname = name
        if self.time == "arrival":
            record.timestamp, record.time_source = received_at, "arrival"
            record.stamp = bsd_stamp(received_at.astimezone(self.zone))
        return record

    def _zone_of(self, hostname: str | None, peer: str | None) -> tzinfo:
        if not self.zones:
            return self.zone
        return self.zones.find(hostname, peer) or self.zone


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
