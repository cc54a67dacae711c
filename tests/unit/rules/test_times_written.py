from datetime import UTC

import pytest

from collector.config.values import BadValueError
from collector.rules.times import TimeOptions, format_days, format_hours, parse_days, parse_hours


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon", {0}),
        ("Sunday", {6}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("fri-mon", {4, 5, 6, 0}),
        ("wed-wed", {2}),
        ("tue-mon", {0, 1, 2, 3, 4, 5, 6}),
        ("mon, wed , FRI-sat", {0, 2, 4, 5}),
        (["sat", "sun"], {5, 6}),
        (["mon-tue", "sat,sun"], {0, 1, 5, 6}),
    ],
)
def test_days_are_spans_and_lists(written, days):
    assert parse_days(written) == days
    assert parse_days(format_days(parse_days(written))) == days


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("08:00-18:00", ((480, 1080),)),
        ("8:00 - 9:05", ((480, 545),)),
        ("22:00-06:00", ((1320, 360),)),
        ("18:00-24:00", ((1080, 1440),)),
        ("18:00-00:00", ((1080, 0),)),
        ("00:00-00:01", ((0, 1),)),
        ("08:00-12:00,13:00-17:30", ((480, 720), (780, 1050))),
        (["08:00-12:00", "13:00-17:30"], ((480, 720), (780, 1050))),
    ],
)
def test_hours_are_spans_that_may_cross_midnight(written, hours):
    assert parse_hours(written) == hours
    assert parse_hours(format_hours(hours)) == hours


@pytest.mark.parametrize(
    "written", ["", "mo", "mon-", "-fri", "1-5", 5, None, [], ["mon", 5], "mon fri", "mon-fri-sun", [[]]]
)
def test_what_is_no_day_is_refused(written):
    with pytest.raises(BadValueError):
        parse_days(written)


@pytest.mark.parametrize(
    "written",
    ["", "8-9", "08:00", "24:01-05:00", "24:00-05:00", "08:60-09:00", "06:00-06:00", 2200, [], ["08:00-09:00", 1]],
)
def test_what_is_no_span_of_hours_is_refused(written):
    with pytest.raises(BadValueError):
        parse_hours(written)


def test_days_alone_are_whole_days_and_hours_alone_every_day():
    assert TimeOptions(days="mon").times(UTC).hours == ((0, 1440),)
    assert TimeOptions(hours="08:00-09:00").times(UTC).days == set(range(7))
