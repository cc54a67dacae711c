from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from collector.sinks.periods import began


@pytest.mark.parametrize(
    ("period", "zone", "now", "begin"),
    [
        ("hour", "Asia/Tokyo", "2026-11-22T10:15:30", "2026-11-22T10:00:00"),
        ("hour", "Asia/Kolkata", "2026-11-22T10:15:30", "2026-11-22T10:00:00"),
        ("day", "Asia/Tokyo", "2026-11-22T00:00:00", "2026-11-22T00:00:00"),
        ("day", "Asia/Tokyo", "2026-11-22T23:59:59", "2026-11-22T00:00:00"),
        ("week", "Europe/Berlin", "2026-11-22T10:15:30", "2026-11-16T00:00:00"),  # a Sunday
        ("week", "Europe/Berlin", "2026-11-23T00:00:00", "2026-11-23T00:00:00"),
        ("week", "Europe/Berlin", "2026-03-29T12:00:00", "2026-03-23T00:00:00"),  # an hour short
        ("month", "UTC", "2028-02-29T12:00:00", "2028-02-01T00:00:00"),
        ("day", "Asia/Beirut", "2024-03-31T12:00:00", "2024-03-31T01:00:00"),  # has no midnight
        ("hour", "Asia/Beirut", "2024-03-31T01:30:00", "2024-03-31T01:00:00"),
    ],
)
def test_a_period_begins_by_the_clock_on_the_wall(period, zone, now, begin):
    zone = ZoneInfo(zone)
    found = began(period, datetime.fromisoformat(now).replace(tzinfo=zone).timestamp(), zone)

    assert datetime.fromtimestamp(found, zone).replace(tzinfo=None).isoformat() == begin


@pytest.mark.parametrize("period", ["hour", "day"])
def test_the_hour_that_comes_twice_begins_once(period):
    zone = ZoneInfo("Europe/Berlin")
    twice = [datetime(2026, 10, 25, 2, 30, tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)]

    assert twice[1] - twice[0] == 3600
    assert began(period, twice[0], zone) == began(period, twice[1], zone)


def test_a_day_whose_clock_skips_midnight_in_the_middle_has_begun():
    """In Toronto in 1919, 23:30 was followed by 00:30."""
    zone = ZoneInfo("America/Toronto")
    for minute in range(60):
        now = datetime(1919, 3, 31, 0, 30, tzinfo=zone).timestamp() + 60 * minute
        assert now - 7200 <= began("day", now, zone) <= now
