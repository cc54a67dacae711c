"""
The time zone of this machine, with its summer time: what TZ says, else /etc/localtime, else UTC.

TZ names a zone (``Asia/Tokyo``, ``:Asia/Tokyo``), a file (``/usr/share/zoneinfo/Japan``) or is a rule (``JST-9``,
``EST5EDT,M3.2.0,M11.1.0``), see tzset(3). An empty one is UTC, as is what cannot be read, as for the C library.
"""

import io
import os
import struct
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

_LOCALTIME = "/etc/localtime"


def local_zone() -> tzinfo:
    name = os.environ.get("TZ", _LOCALTIME).lstrip(":")
    if not name:
        return UTC
    try:
        return _from_file(name) if name.startswith("/") else _named(name)
    except (OSError, ValueError):
        return UTC


def _from_file(path: str) -> tzinfo:
    with open(path, "rb") as file:
        return ZoneInfo.from_file(file, path)


def _named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except KeyError:
        return _from_rule(name)


def _from_rule(rule: str) -> tzinfo:
    """A zone file that holds nothing but the rule, which stands at the end of such files (RFC 8536 §3.3)."""
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    return ZoneInfo.from_file(io.BytesIO(2 * block + b"\n" + rule.encode() + b"\n"), rule)
