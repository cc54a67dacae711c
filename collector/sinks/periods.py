"""
When an hour, a day, a week or a month began by the clock on the wall, summer time and all.

A period begins at the first moment that shows its first minute. Where clocks are put back that moment comes twice, and
the first one counts: nothing is rotated twice. Where it is skipped, the period begins with the moment after the gap.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

Period = Literal["hour", "day", "week", "month"]


def began(period: Period, now: float, zone: tzinfo) -> float:
    """The beginning of the period that ``now`` is in, both in seconds since 1970. Weeks begin on Monday (ISO 8601)."""
    moment = datetime.fromtimestamp(now, UTC).astimezone(zone)
    start = moment.replace(minute=0, second=0, microsecond=0, fold=0)
    if period != "hour":
        start = start.replace(hour=0)
    if period == "week":
        start -= timedelta(days=moment.weekday())
    elif period == "month":
        start = start.replace(day=1)
    # Of a wall clock's time that is skipped, fold 0 is after the gap, fold 1 before it (PEP 495).
    first = start.timestamp()
    return first if first <= now else start.replace(fold=1).timestamp()
