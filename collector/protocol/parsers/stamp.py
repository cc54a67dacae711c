"""
The stamp at the start of a BSD message, in every form that is met, with the zone and the colon that may follow it.

    Oct 11 22:14:15                    RFC 3164 §4.1.2
    OCT 1 2026 22:14:15.123 CET:       another case, a year, a fraction, the name of a zone, a colon
    2026-10-11T22:14:15+09:00          RFC 3339, rsyslog and ESXi
    1770106150.123456                  seconds since 1970, Meraki; also with a digit and a blank before it

The names of zones are ambiguous (IST, CST): UTC and GMT count, any other is skipped and the configured zone holds.
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from collector.protocol.parsers.context import Context
from collector.protocol.timestamp import BSD, ISO, YEAR, bsd_moment, bsd_stamp, iso_moment, parse_offset

_EPOCH = re.compile(r"(?:[0-9] )?(1[0-9]{9})\.([0-9]{1,9})(?= )")

ZONE_NAMES = (
    "EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|AST|ADT|NST|BRT|ART|WET|WEST|BST|IST|CET|CEST|MET|MEST|EET|EEST|MSK"
    "|SAST|GST|PKT|ICT|HKT|SGT|PHT|JST|KST|AWST|ACST|AEST|AEDT|NZST|NZDT"
)
# Any capitals are a zone where only a zone can be: before Cisco's ": %", or before a year.
_AFTER = re.compile(
    rf"(?:(?: ?(?:UTC|GMT)?(?P<offset>[+-][0-9]{{2}}:?[0-9]{{2}})|(?P<utc>Z| UTC| GMT)"
    rf"| (?:{ZONE_NAMES})| [A-Z]{{2,5}}(?=: %| {YEAR} ))(?=[ :]|\Z))?"
    rf"(?: (?P<year>{YEAR})(?=:?(?: |\Z)))?(?P<colon>:?)(?= |\Z) *"
)


class Stamp(NamedTuple):
    """
    ``moment`` is None for a date that does not exist; ``shown`` are the 15 characters of a traditional line; ``end`` is
    where the text goes on, past blanks; ``colon`` tells that a colon ended the stamp, as Cisco writes it.
    """

    moment: datetime | None
    shown: str
    end: int
    colon: bool


def read_stamp(text: str, start: int, context: Context) -> Stamp | None:
    """The stamp that begins at ``start``, or None when there is none."""
    for pattern, reader in _READERS:
        match = pattern.match(text, start)
        after = _AFTER.match(text, match.end()) if match else None
        if match and after:
            return reader(match, after, context)
    return None


def _read_bsd(match: re.Match[str], after: re.Match[str], context: Context) -> Stamp:
    moment = bsd_moment(match, context.received_at, _zone(after) or context.zone, after["year"])
    _, month, day, _, hour, minute, second, *_ = match.groups()
    shown = f"{month[:3]} {day.rjust(2)} {hour.zfill(2)}:{minute}:{second}"
    return Stamp(moment, shown, after.end(), bool(after["colon"]))


def _read_iso(match: re.Match[str], after: re.Match[str], context: Context) -> Stamp | None:
    moment = iso_moment(match, _zone(after) or context.zone)
    return Stamp(moment, bsd_stamp(moment), after.end(), bool(after["colon"])) if moment else None


def _read_epoch(match: re.Match[str], after: re.Match[str], context: Context) -> Stamp:
    micro = int(match[2][:6].ljust(6, "0"))
    moment = datetime.fromtimestamp(int(match[1]), context.zone).replace(microsecond=micro)
    return Stamp(moment, bsd_stamp(moment), after.end(), colon=False)


def _zone(after: re.Match[str]) -> tzinfo | None:
    if after["offset"]:
        return parse_offset(after["offset"])
    return UTC if after["utc"] else None


_READERS = ((BSD, _read_bsd), (ISO, _read_iso), (_EPOCH, _read_epoch))
