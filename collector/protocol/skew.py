"""
How far a sender's clock is from ours, as one of its messages shows it.

The message is read by the tolerant parser, so every kind of stamp counts and every rule for time zones holds; one with
no stamp, or an impossible one, tells nothing.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from collector.protocol.interpret import Interpreter
from collector.protocol.parsers import Context, parse

ENOUGH = 512
"""Bytes of a message that are looked at: more than any header with a stamp."""

_TOLERANCE = 90.0  # seconds a clock may be wrong beside its zone
_ELSEWHERE = timezone(timedelta(hours=1))
_ZONES = frozenset({*range(-12 * 60, 15 * 60, 60), -570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825})
"""Minutes east of UTC at which people live, with and without summer time."""


class Skew(NamedTuple):
    """
    ``seconds`` the stamp is ahead of the arrival (negative: behind). ``zone``: the time zone that the stamp seems to be
    in, as ``+09:00``, when it names none itself and that would explain the difference.
    """

    seconds: float
    zone: str | None


def skew_of(message: bytes, peer: str | None, received_at: datetime, interpreter: Interpreter) -> Skew | None:
    """``message`` as it came, or its beginning; None when it does not tell."""
    line = message[:ENOUGH].partition(b"\n")[0].decode("ascii", "replace")
    record = interpreter.trusting(None).read(line, None, peer, received_at).record
    if record.time_source != "sender":
        return None
    seconds = (record.timestamp - received_at).total_seconds()
    return Skew(seconds, _zone(seconds, record.timestamp.utcoffset(), line, received_at))


def _zone(seconds: float, offset: timedelta | None, line: str, received_at: datetime) -> str | None:
    """``offset`` is that of the zone in which the stamp was read."""
    if offset is None:
        return None
    east = offset.total_seconds() + seconds
    minutes = round(east / 60)
    nearest = min(_ZONES, key=lambda zone: abs(zone - minutes))
    if abs(seconds) <= 2 * _TOLERANCE or abs(east - nearest * 60) > _TOLERANCE or _names_zone(line, received_at):
        return None
    return f"{'-' if nearest < 0 else '+'}{abs(nearest) // 60:02}:{abs(nearest) % 60:02}"


def _names_zone(line: str, received_at: datetime) -> bool:
    """Whether the stamp means the same moment wherever it is read."""
    here, there = (parse(line, Context(received_at, zone, None, "ascii", None)) for zone in (UTC, _ELSEWHERE))
    return here.timestamp == there.timestamp
