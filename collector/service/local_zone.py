"""
The time zone of this machine, with its summer time: what TZ says, else /etc/localtime, else UTC.

TZ names a zone (``Asia/Tokyo``, ``:Asia/Tokyo``), a file (``/usr/share/zoneinfo/Japan``) or is a rule (``JST-9``,
``EST5EDT,M3.2.0,M11.1.0``), see tzset(3). An empty one is UTC, as is what cannot be read, as for the C library.

It is asked for once, when a plan is made: all processes read stamps alike, whatever becomes of the file meanwhile.
"""

import io
import os
import struct
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

_LOCALTIME = "/etc/localtime"


class _FileZone(ZoneInfo):
    """A zone from a file; unlike others of these it can be handed to another process, and compared."""

    _data: bytes

    @classmethod
    def of(cls, data: bytes, key: str) -> "_FileZone":
        zone = cls.from_file(io.BytesIO(data), key)
        zone._data = data  # noqa: SLF001 - its own
        return zone

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _FileZone) and (self._data, self.key) == (other._data, other.key)

    def __hash__(self) -> int:
        return hash(self._data)

    def __reduce__(self) -> tuple[Callable[[bytes, str], "_FileZone"], tuple[bytes, str]]:
        return _FileZone.of, (self._data, self.key)


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
        return _FileZone.of(file.read(), path)


def _named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except KeyError:
        return _from_rule(name)


def _from_rule(rule: str) -> tzinfo:
    """A zone file that holds nothing but the rule, which stands at the end of such files (RFC 8536 §3.3)."""
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    return _FileZone.of(2 * block + b"\n" + rule.encode() + b"\n", rule)
