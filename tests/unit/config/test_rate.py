import re

import pytest

from collector.config.rate import RATE_PATTERN, Rate, format_rate, parse_rate
from collector.config.values import BadValueError


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("1000/s", Rate(1000, 1.0)),
        ("1000 / s", Rate(1000, 1.0)),
        ("5/m", Rate(5, 60.0)),
        ("10/1h30m", Rate(10, 5400.0)),
        ("100/10s", Rate(100, 10.0)),
        ("1/d", Rate(1, 86_400.0)),
        ({"messages": 7}, Rate(7, 1.0)),
        ({"messages": 7, "per": "1m"}, Rate(7, 60.0)),
    ],
)
def test_a_rate_is_read_and_written(written, rate):
    assert parse_rate(written) == rate
    assert parse_rate(format_rate(rate)) == rate
    assert not isinstance(written, str) or re.fullmatch(RATE_PATTERN, written)


def test_people_see_thousands():
    assert [str(Rate(10_000, 1.0)), str(Rate(5, 90.0))] == ["10,000/s", "5/1m30s"]


@pytest.mark.parametrize(
    ("written", "message", "hint", "option"),
    [
        (1000, "1000 is not a rate", 'say in which time: "1000/s"', None),
        ("1000", '"1000" is not a rate', 'such as "1000/s"', None),
        ("fast", '"fast" is not a rate', 'such as "1000/s"', None),
        ("0/s", "0 is not a number of messages", "1 to 1,000,000,000", None),
        ("10/parsec", '"parsec" is not a duration', "a number with a unit", None),
        ("10/100ms", '"100ms" is not the span of a rate', "1s to 1d", None),
        ("10/2d", '"2d" is not the span of a rate', "1s to 1d", None),
        ({}, "an empty value is not a number of messages", "1 to", "messages"),
        ({"messages": "7"}, '"7" is not a number of messages', "1 to", "messages"),
        ({"messages": True}, "true is not a number of messages", "1 to", "messages"),
        ({"messages": 7, "per": 5}, "5 is not a duration", "add a unit", "per"),
        ({"messages": 7, "burst": 5}, 'unknown key "burst"', "known keys: messages, per", "burst"),
        ({"message": 7}, 'unknown key "message"', 'did you mean "messages"?', "message"),
        (["7/s"], "a list is not a rate", 'such as "1000/s"', None),
    ],
)
def test_what_is_no_rate_is_told_with_a_cure(written, message, hint, option):
    with pytest.raises(BadValueError) as error:
        parse_rate(written)

    assert str(error.value) == message
    assert hint in error.value.hint
    assert error.value.option == option
