"""An entry as bytes, and finding entries in bytes that may be damaged. The drawing is in ``__init__.py``."""

import struct
from typing import NamedTuple
from zlib import crc32

MARK = 8
"""Bytes of a mark."""

HEAD = 24
"""Bytes before the payload."""

LARGEST = (1 << 32) - 1
"""Bytes a payload can have."""

_HEAD = struct.Struct("<8sIIQ")
_COVERED = struct.Struct("<QQI")


class Found(NamedTuple):
    """``end`` is an offset in the bytes that were searched; ``damaged`` bytes before the entry are none."""

    number: int
    end: int
    damaged: int
    payload: bytes


def head(mark: bytes, position: int, number: int, payload: bytes) -> bytes:
    """What is written before ``payload`` at ``position``."""
    size = len(payload)
    return _HEAD.pack(mark, size, crc32(payload, crc32(_COVERED.pack(position, number, size))), number)


def scan(data: bytes, position: int, mark: bytes) -> list[Found]:
    """All whole entries in ``data``, which begins at ``position``. What follows the last one is not judged."""
    entries: list[Found] = []
    end = 0
    at = data.find(mark)
    while at >= 0:
        found = _entry_at(data, at, position, damaged=at - end)
        if found is None:
            at = data.find(mark, at + 1)
            continue
        entries.append(found)
        end = found.end
        at = data.find(mark, end)
    return entries


def number_at_start(data: bytes, mark: bytes) -> int | None:
    """The number in the head that ``data`` begins with; not checked beyond its mark."""
    if len(data) < HEAD or not data.startswith(mark):
        return None
    number: int = _HEAD.unpack_from(data)[3]
    return number


def _entry_at(data: bytes, at: int, position: int, damaged: int) -> Found | None:
    """The entry whose mark is at this offset, when it is whole and nothing of it has changed."""
    body = at + HEAD
    if body > len(data):
        return None
    _, size, checksum, number = _HEAD.unpack_from(data, at)
    end = body + size
    if end > len(data):
        return None
    payload = data[body:end]
    if crc32(payload, crc32(_COVERED.pack(position + at, number, size))) != checksum:
        return None
    return Found(number, end, damaged, payload)
