from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.rules.at_work import is_at_work
from collector.rules.times import Times, parse_days, parse_hours

BERLIN = ZoneInfo("Europe/Berlin")


def at_work(text, days="mon-sun", hours="00:00-24:00", zone=UTC):
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return is_at_work(Times(parse_days(days), parse_hours(hours), zone), moment.timestamp())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T21:59:59", False),  # Friday
        ("2026-11-20T22:00:00", True),
        ("2026-11-21T05:59:59", True),
        ("2026-11-21T06:00:00", False),
        ("2026-11-21T23:00:00", False),
        ("2026-11-20T05:00:00", False),
    ],
)
def test_hours_across_midnight_belong_to_the_day_on_which_they_begin(text, expected):
    assert at_work(text, "fri", "22:00-06:00") is expected


def test_sunday_night_goes_on_into_monday():
    assert at_work("2026-11-23T01:00:00", "sun", "22:00-06:00")
    assert not at_work("2026-11-24T01:00:00", "sun", "22:00-06:00")


def test_a_day_ends_at_midnight():
    assert at_work("2026-11-20T23:59:59", "fri", "08:00-24:00")
    assert not at_work("2026-11-21T00:00:00", "fri", "08:00-24:00")


def test_several_spans_of_hours():
    assert [at_work(f"2026-11-20T{hour:02d}:30:00", hours="08:00-12:00, 13:00-17:00") for hour in (7, 8, 12, 16)] == [
        False, True, False, True,
    ]  # fmt: skip


def test_hours_are_those_of_the_zone():
    assert at_work("2026-11-20T23:30:00+00:00", "sat", "00:00-01:00", BERLIN)
    assert not at_work("2026-11-20T23:30:00+00:00", "fri", "00:00-01:00", BERLIN)


def test_an_hour_that_comes_twice_counts_both_times_and_one_that_is_left_out_is_not_missed():
    for text in ("2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"):
        assert at_work(text, hours="02:00-03:00", zone=BERLIN)
    assert not at_work("2026-10-25T02:30:00+00:00", hours="02:00-03:00", zone=BERLIN)
    assert at_work("2026-03-29T01:30:00+00:00", "sat", "22:00-04:00", BERLIN)
    assert not at_work("2026-03-29T02:00:00+00:00", "sat", "22:00-04:00", BERLIN)
