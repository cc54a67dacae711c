from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from collector.protocol.timestamp import bsd_stamp, iso, parse_bsd, parse_iso, parse_offset, resolve_year

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YEAR = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "received", "year"),
    [
        ("Dec 31 23:59:59", "2026-01-01T00:00:30", 2025),
        ("Jan  1 00:00:10", "2025-12-31T23:59:50", 2026),
        ("Jan  1 23:59:49", "2025-12-31T23:59:50", 2026),
        ("Jan  1 23:59:51", "2025-12-31T23:59:50", 2025),
        ("Jul  1 00:00:00", "2026-06-30T12:00:00", 2026),
        ("Jul  3 00:00:00", "2026-06-30T12:00:00", 2025),
        ("Feb 29 12:00:00", "2024-02-28T13:00:00", 2024),
        ("Feb 29 12:00:00", "2024-02-28T11:00:00", 2020),
        ("Feb 29 12:00:00", "2027-06-01T00:00:00", 2024),
        ("Feb 29 12:00:00", "1903-06-01T00:00:00", 1896),
    ],
)
def test_a_missing_year_is_the_nearest_that_is_not_over_a_day_ahead(stamp, received, year):
    found = parse_bsd(stamp, datetime.fromisoformat(received).replace(tzinfo=UTC), UTC)
    assert found is not None
    assert found.year == year


def test_the_year_is_that_of_the_sender_s_zone():
    assert parse_bsd("Jan  1 09:00:20", NEW_YEAR, TOKYO) == datetime(2026, 1, 1, 9, 0, 20, tzinfo=TOKYO)


def test_a_day_that_never_exists_has_no_year():
    assert resolve_year(2, 30, 0, 0, 0, 0, NEW_YEAR, UTC) is None


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("Oct 11 22:14:15", "2025-10-11T22:14:15+00:00"),
        ("Oct 1 22:14:15", "2025-10-01T22:14:15+00:00"),
        ("OCT  1 2:14:15", "2025-10-01T02:14:15+00:00"),
        ("october 1 22:14:15", "2025-10-01T22:14:15+00:00"),
        ("Sept. 1 22:14:15", "2025-09-01T22:14:15+00:00"),
        ("Oct 11 22:14:15.1", "2025-10-11T22:14:15.100000+00:00"),
        ("Oct 11 22:14:15.1234567", "2025-10-11T22:14:15.123456+00:00"),
        ("Oct 11 22:14:15:809", "2025-10-11T22:14:15.809000+00:00"),
        ("Oct 11 22:14:15.", "2025-10-11T22:14:15+00:00"),
        ("Oct 11 2007 22:14:15", "2007-10-11T22:14:15+00:00"),
        ("Oct 11 22:14:15 2007", "2007-10-11T22:14:15+00:00"),
        ("2007 Oct 11 22:14:15", "2007-10-11T22:14:15+00:00"),
        ("Dec 31 2016 23:59:60", "2017-01-01T00:00:00+00:00"),
    ],
)
def test_bsd_stamps_are_read_in_all_their_forms(stamp, expected):
    found = parse_bsd(stamp, NEW_YEAR, UTC)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "stamp",
    ["", "Oct", "Okt 11 22:14:15", "Oct 32 22:14:15", "Oct 11 24:00:00", "Oct 11 22:60:15", "Oct 11 22:14:61",
     "Oct 11 22:14", "Oct 11 22:14:150", "1990 Oct 11 22:14:15", "Feb 29 2025 00:00:00"],
)  # fmt: skip
def test_what_is_no_bsd_stamp_is_none(stamp):
    assert parse_bsd(stamp, NEW_YEAR, UTC) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-03T08:09:10Z", "2026-02-03T08:09:10+00:00"),
        ("2026-02-03T08:09:10.5+09:00", "2026-02-03T08:09:10.500000+09:00"),
        ("2026-02-03T08:09:10-0730", "2026-02-03T08:09:10-07:30"),
        ("2026-02-03T08:09:10+09", "2026-02-03T08:09:10+09:00"),
        ("2026-02-03T08:09:10Z+00", "2026-02-03T08:09:10+00:00"),
        ("2026-02-03t08:09:10z", "2026-02-03T08:09:10+00:00"),
        ("2026-02-03 08:09:10", "2026-02-03T08:09:10+09:00"),
        ("2026-02-03 08:09:10 +0200", "2026-02-03T08:09:10+02:00"),
        ("2026/02/03 08:09:10", "2026-02-03T08:09:10+09:00"),
        ("2026-02-03T08:09:10,25", "2026-02-03T08:09:10.250000+09:00"),
        ("2026-02-03T08:09:10.Z", "2026-02-03T08:09:10+00:00"),
        ("2026-02-03T08:09:10.123456789Z", "2026-02-03T08:09:10.123456+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2016-12-31T23:59:60.5-01:00", "2017-01-01T00:00:00.500000-01:00"),
    ],
)
def test_iso_stamps_are_read_in_all_their_forms(text, expected):
    found = parse_iso(text, TOKYO)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", "2026-02-03", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-03T24:00:00Z", "2026-02-03T08:60:10Z",
     "2026-02-03T08:09:10+24:00", "2026-02-03T08:09:10 CET", "2026-02/03T08:09:10Z", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:60Z", "2026-02-03T08:09", "20260203T080910Z"],
)  # fmt: skip
def test_what_is_no_iso_stamp_is_none(text):
    assert parse_iso(text, TOKYO) is None


@pytest.mark.parametrize("stamp", ["Mar 29 02:30:00", "Oct 26 02:30:00"])
def test_times_that_a_change_of_the_clocks_skips_or_repeats_are_read(stamp):
    found = parse_bsd(stamp, datetime(2026, 4, 1, tzinfo=UTC), BERLIN)
    assert found is not None
    assert bsd_stamp(found) == stamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 7, 3, 5, 4, 1, tzinfo=TOKYO), "2026-07-03T05:04:01+09:00"),
        (datetime(2026, 7, 3, 5, 4, 1, 120_000, tzinfo=UTC), "2026-07-03T05:04:01.120+00:00"),
        (datetime(2026, 7, 3, 5, 4, 1, 123_456, tzinfo=UTC), "2026-07-03T05:04:01.123456+00:00"),
        (datetime(2026, 7, 3, 5, 4, 1, tzinfo=timezone(timedelta(seconds=3601))), "2026-07-03T04:04:00+00:00"),
    ],
)
def test_iso_is_rfc_3339_with_as_many_digits_as_needed(moment, text):
    assert iso(moment) == text


def test_a_bsd_stamp_pads_the_day_with_a_blank():
    assert bsd_stamp(datetime(2026, 7, 3, 5, 4, 1, tzinfo=TOKYO)) == "Jul  3 05:04:01"


def test_an_offset_of_a_day_is_none():
    assert parse_offset("-24:00") is None
    assert parse_offset("-0730") == timezone(-timedelta(hours=7, minutes=30))
