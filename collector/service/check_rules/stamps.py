"""The stamps of a block of rows → times, much faster than one by one: most rows share a second or an hour."""

import json
from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache

from collector.protocol.interpret import Interpreter
from collector.protocol.render import Moment
from collector.protocol.timestamp import parse_iso
from collector.service.check_rules.runs import Runs
from collector.service.check_rules.shapes import Shown

_HOUR = 9
"""Characters of ``Oct 11 22:14:15`` that name the hour."""

_OFFSET = 6
"""Characters of ``+09:00``."""


class StampTimes:
    """
    ``times`` are seconds since the epoch, None for a stamp that names no moment, and for a row without one. Hosts
    matter where they have time zones of their own.
    """

    def __init__(self, interpreter: Interpreter, moment: Moment) -> None:
        self._zoned = bool(interpreter.zones)
        self._moment = moment
        self._hours: dict[tuple[bytes, bytes], float | None] = {}

    def times(self, shown: Shown) -> Sequence[float | None]:
        if shown.rests:
            return _with_zones(shown.stamps, shown.rests)
        if isinstance(shown.stamps, Runs):
            return shown.stamps.map(lambda stamp: self._time(stamp, b""))
        keys = list(zip(shown.stamps, shown.hosts, strict=True))
        known = {key: self._time(*key) for key in set(keys)}
        return list(map(known.__getitem__, keys))

    def _time(self, stamp: bytes, host: bytes) -> float | None:
        hour = stamp[:_HOUR]
        if not hour:
            return None
        if (hour, host) not in self._hours:
            self._hours[hour, host] = self._start_of(hour, host)
        start = self._hours[hour, host]
        if start is None:
            return self._exact(stamp, host)
        return start + 60 * int(stamp[10:12]) + int(stamp[13:15])

    def _start_of(self, hour: bytes, host: bytes) -> float | None:
        """When an hour begins; None where it is no usual one, as when the clocks are changed in the midst of it."""
        start, end = self._exact(hour + b":00:00", host), self._exact(hour + b":59:59", host)
        return start if start is not None and end == start + 3599 else None

    def _exact(self, stamp: bytes, host: bytes) -> float | None:
        found = self._moment.time_of(stamp.decode(), host.decode(), None)
        return found.time.timestamp() if found.source == "sender" else None


def _with_zones(stamps: Sequence[bytes], rests: Sequence[bytes]) -> list[float | None]:
    """
    A sum of whole seconds and a fraction is rounded to the same number as their microseconds are: those are too coarse
    to be near the middle between two numbers.
    """
    seconds = {stamp: _second(stamp) for stamp in set(stamps)}
    zone = _zone(next(filter(None, rests), b""))
    fractions = _fractions([rest or zone for rest in rests] if b"" in rests else rests, zone)
    if fractions is not None:
        offset = _offset(zone)
        begins = {stamp: None if second is None else second - offset for stamp, second in seconds.items()}
        rows = zip(map(begins.__getitem__, stamps), fractions, strict=True)
        return [None if begin is None else begin + fraction for begin, fraction in rows]
    return [
        None if (second := seconds[stamp]) is None else second - _offset(_zone(rest)) + _fraction(rest)
        for stamp, rest in zip(stamps, rests, strict=True)
    ]


def _second(stamp: bytes) -> float | None:
    """As if it were UTC."""
    time = parse_iso(stamp.decode(), UTC) if stamp else None
    return time.timestamp() if time else None


def _fractions(rests: Sequence[bytes], zone: bytes) -> Sequence[float] | None:
    """All of them by JSON's parser, ``.5Z.25Z`` as ``[0.5,0.25]``; None when some are of another zone."""
    numbers = b"".join(rests).replace(zone, b",0").removesuffix(b",0")
    try:
        found: list[float] = json.loads(b"[0%b]" % numbers)
    except ValueError:
        return None
    return found if len(found) == len(rests) else None


def _fraction(rest: bytes) -> float:
    return float(b"0" + rest.removesuffix(_zone(rest)))


def _zone(rest: bytes) -> bytes:
    return b"Z" if rest[-1:] == b"Z" else rest[-_OFFSET:]


@lru_cache(maxsize=4096)
def _offset(zone: bytes) -> float:
    """``+09:00`` → seconds."""
    if zone[:1] not in {b"+", b"-"}:
        return 0.0
    seconds = 3600.0 * int(zone[1:3]) + 60 * int(zone[4:])
    return -seconds if zone[:1] == b"-" else seconds
