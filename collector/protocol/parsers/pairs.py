"""
Devices that send no header but ``key=value`` pairs: time and name are among them. The pairs all stay in the text.

    date=2026-02-03 time=08:09:10 devname="fw1" … tz="+0900"        Fortinet
    id=firewall sn=C0EA time="2026-02-03 08:09:10 UTC" fw=…          SonicWall
    time=1770106150|hostname=cp1|product=Firewall|…                  Check Point Log Exporter
"""

import re
from datetime import UTC, datetime, tzinfo

from collector.protocol.parsers.context import Context
from collector.protocol.parsers.header import Header
from collector.protocol.timestamp import bsd_stamp, parse_iso, parse_offset

_FORTINET = re.compile(r'date="?([0-9-]{10})"?[ ,]+time="?([0-9:.]{8,15})"?(?=[ ,]|\Z)')
_DEVICE = re.compile(r'[ ,]devname="?([\w.:-]+)"?(?=[ ,]|\Z)')
_OFFSET = re.compile(r'[ ,]tz="?([+-][0-9]{2}:?[0-9]{2})"?(?=[ ,]|\Z)')
_SONICWALL = re.compile(r'(?:id=\S+ +)?sn=\w+ time="([0-9-]{10} [0-9:]{8})( UTC)?"')
_CHECK_POINT = re.compile(r"time=([0-9]{10})\|(?:hostname=([\w.:-]+)(?=\||\Z))?")


def read_pairs(text: str, start: int, context: Context) -> Header | None:
    """The header that the pairs at ``start`` make up for, or None when there are no such pairs."""
    for pattern, reader in _READERS:
        match = pattern.match(text, start)
        if match:
            moment, hostname = reader(match, context)
            return Header(end=start, hostname=hostname, moment=moment, shown=bsd_stamp(moment)) if moment else None
    return None


def _fortinet(match: re.Match[str], context: Context) -> tuple[datetime | None, str | None]:
    offset = _OFFSET.search(match.string, match.end())
    device = _DEVICE.search(match.string, match.end())
    zone = parse_offset(offset[1]) if offset else None
    return parse_iso(f"{match[1]}T{match[2]}", zone or context.zone), device[1] if device else None


def _sonicwall(match: re.Match[str], context: Context) -> tuple[datetime | None, str | None]:
    zone: tzinfo = UTC if match[2] else context.zone
    return parse_iso(match[1], zone), None


def _check_point(match: re.Match[str], context: Context) -> tuple[datetime | None, str | None]:
    return datetime.fromtimestamp(int(match[1]), context.zone), match[2]


_READERS = ((_FORTINET, _fortinet), (_SONICWALL, _sonicwall), (_CHECK_POINT, _check_point))
