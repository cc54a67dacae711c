"""
Stamps as senders write them → aware datetimes, and back.

    Oct 11 22:14:15                      RFC 3164 §4.1.2: no year, no zone
    Oct  1 2026 22:14:15.123             Cisco; also 2026 Oct 1 22:14:15 and Oct 1 22:14:15 2026
    2026-10-11T22:14:15.003+09:00        RFC 3339; also with a blank for the T, +0900, no zone

What a stamp does not say comes from outside: the year from the time of reception, the zone from the configuration.
A stamp that names no possible moment gives None; nothing here raises for what a sender wrote.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF_MONTH = {name.lower(): number for number, name in enumerate(MONTHS, 1)}

# Formatting by tables: a quarter of the time of format specifications.
_DAY = [[f"{name} {day:2} " for day in range(32)] for name in ("", *MONTHS)]
_TWO = [f"{number:02}" for number in range(60)]

YEAR = r"(?:19[7-9]\d|20\d\d)"
_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
# No device that writes the year in front of the month is older than 2000; RFC 3164 §5.4 has such a line from 1990 as
# its example of a stamp that is none.
BSD = re.compile(
    rf"(?:(20\d\d) +)?({_MONTH})\.? +(\d{{1,2}})(?:,? +({YEAR}),?)? +(\d{{1,2}}):(\d\d):(\d\d)(?!\d)"
    rf"(?:[.,](\d+)|:(\d{{3}})(?!\d)|\.(?=[ :]|\Z))?(?: +({YEAR})(?=:?(?: |\Z)))?",
    re.ASCII,
)
"""Groups: year, month, day, year, hour, minute, second, fraction, fraction, year."""

ISO = re.compile(
    r"(\d{4})([-/])(\d\d)\2(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?!\d)(?:[.,](\d+)|\.)?"
    r"(?:([Zz])(?:[+-]00(?::?00)?)?|(?: (?=[+-]\d\d:?\d\d))?([+-]\d\d(?::?\d\d)?))?(?![0-9A-Za-z])",
    re.ASCII,
)
"""Groups: year, separator, month, day, hour, minute, second, fraction, Z, offset."""

_DAY_AHEAD = timedelta(days=1)
_LEAP_YEAR_GAP = 8  # 1896 to 1904: the longest wait for a 29 February


def resolve_year(  # noqa: PLR0913, PLR0917 - a date and a clock have that many parts
    month: int, day: int, hour: int, minute: int, second: int, micro: int, received_at: datetime, zone: tzinfo
) -> datetime | None:  # fmt: skip
    """
    The moment nearest to ``received_at`` that bears this date without a year, never more than a day ahead of it.

    So what December says in January is last year's, and a clock that is a little fast at New Year is next year's. None
    when the date does not exist. Local times that a change of the clocks skips or repeats take the earlier offset.
    """
    now = received_at.astimezone(zone)
    newest = now.year + (month == 1 and now.month == 12)
    limit = now + _DAY_AHEAD
    for candidate in range(newest, newest - _LEAP_YEAR_GAP - 2, -1):
        moment = _moment((candidate, month, day, hour, minute, second), micro, zone)
        if moment is not None and moment <= limit:
            return moment
    return None


def parse_bsd(stamp: str, received_at: datetime, zone: tzinfo) -> datetime | None:
    """A whole BSD stamp in any of its forms; None when it is none or no possible date."""
    match = BSD.fullmatch(stamp)
    return bsd_moment(match, received_at, zone) if match else None


def bsd_moment(match: re.Match[str], received_at: datetime, zone: tzinfo, year: str | None = None) -> datetime | None:
    """The moment that a match of ``BSD`` names; ``year`` is one that was written outside of the match."""
    first, month, day, second_year, hour, minute, second, fraction, millis, last = match.groups()
    number = _NUMBER_OF_MONTH[month[:3].lower()]
    micro = _micro(fraction or millis)
    year = first or second_year or last or year
    clock = (number, int(day), int(hour), int(minute), int(second))
    if year is None:
        return resolve_year(*clock, micro, received_at, zone)
    return _moment((int(year), *clock), micro, zone)


def parse_iso(text: str, zone: tzinfo) -> datetime | None:
    """RFC 3339 and its loose cousins; without a zone it is in ``zone``. A fraction is cut after its sixth digit."""
    if len(text) >= 19 and text[10] == "T":
        try:
            return _placed(datetime.fromisoformat(text), zone)  # the usual forms, in a fifth of the time
        except ValueError:
            pass
    match = ISO.fullmatch(text)
    return _loose_iso(match, zone) if match else None


def iso_moment(match: re.Match[str], zone: tzinfo) -> datetime | None:
    """The moment that a match of ``ISO`` names."""
    try:
        return _placed(datetime.fromisoformat(match[0]), zone)
    except ValueError:
        return _loose_iso(match, zone)


def _placed(moment: datetime, zone: tzinfo) -> datetime | None:
    return _usable(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _loose_iso(match: re.Match[str], zone: tzinfo) -> datetime | None:
    year, _, month, day, hour, minute, second, fraction, zulu, offset = match.groups()
    own = UTC if zulu else parse_offset(offset) if offset else zone
    clock = (int(year), int(month), int(day), int(hour), int(minute), int(second))
    return _moment(clock, _micro(fraction), own) if own else None


def parse_offset(text: str) -> tzinfo | None:
    """``+hh``, ``+hhmm`` or ``+hh:mm`` → the zone; None when it is a day or more."""
    span = timedelta(hours=int(text[1:3]), minutes=int(text[3:].lstrip(":") or 0))
    return timezone(-span if text[0] == "-" else span) if span < _DAY_AHEAD else None


def _micro(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def _moment(clock: tuple[int, int, int, int, int, int], micro: int, zone: tzinfo) -> datetime | None:
    year, month, day, hour, minute, second = clock
    leap = second == 60  # RFC 5424 §6.2.3 forbids leap seconds, clocks that count them send them all the same
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, micro, tzinfo=zone)
        return _usable(moment + timedelta(seconds=1) if leap else moment)
    except (ValueError, OverflowError):  # no such date; the second after the last year
        return None


def _usable(moment: datetime) -> datetime | None:
    # The first and the last year cannot be converted between zones. "0001-01-01" is also how Go writes "no time".
    return moment if 1 < moment.year < 9999 else None


def bsd_stamp(moment: datetime) -> str:
    """``Mmm dd hh:mm:ss`` (RFC 3164 §4.1.2) in the zone of the moment, whatever the locale is."""
    return f"{_DAY[moment.month][moment.day]}{_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}"


def iso(moment: datetime) -> str:
    """RFC 3339 with offset; a fraction only where there is one, in milli- or microseconds."""
    offset = moment.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):
        moment = moment.astimezone(UTC)  # RFC 3339 §5.6 has no seconds in an offset, as local mean times need
    micro = moment.microsecond
    return moment.isoformat(timespec="seconds" if not micro else "microseconds" if micro % 1000 else "milliseconds")
