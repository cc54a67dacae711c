import pytest

from collector.config.scalars import OctalInt
from collector.config.values import (
    BadValueError,
    format_duration,
    format_mode,
    format_size,
    parse_duration,
    parse_mode,
    parse_size,
)

JUNK = [None, True, False, [], {}, "", " ", "x", "-1", -1, -1.5, 1.5, float("nan"), float("inf"), "１２", "0x10", "1e3"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("64KiB", 65536), ("32MiB", 32 << 20), ("1GiB", 1 << 30), ("2TiB", 2 << 40), ("100MB", 10**8), ("5kB", 5000),
     ("480B", 480), ("1.5KiB", 1536), ("0.5kB", 500), ("64 KiB", 65536), ("64kib", 65536), ("64KB", 64000),
     (65536, 65536), (0, 0), ("0B", 0)],
)  # fmt: skip
def test_a_size_is_a_number_with_a_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("value", [*JUNK, "64K iB", "MiB", "1,5MiB", "64KiBs", "64XiB", "1.MiB", "9" * 30 + "B", "64"])
def test_what_is_no_size_is_told_with_examples(value):
    with pytest.raises(BadValueError, match=r"is not a size$") as caught:
        parse_size(value)

    assert caught.value.hint == "a number with a unit: 64KiB, 32MiB, 100MB"


def test_a_size_of_half_a_byte_is_refused():
    with pytest.raises(BadValueError, match=r'^"0.5B" is not a whole number of bytes$'):
        parse_size("0.5B")


@pytest.mark.parametrize(("text", "cure"), [("32M", "32MiB"), ("64k", "64kB"), ("1 g", "1GB")])
def test_a_unit_that_means_two_things_is_asked_back(text, cure):
    with pytest.raises(BadValueError) as caught:
        parse_size(text)

    assert cure in caught.value.hint


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (480, "480B"), (65536, "64KiB"), (10**8, "100MB"), (1 << 40, "1TiB"), (1000, "1kB")]
)
def test_a_size_is_shown_in_the_largest_whole_unit(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("10s", 10.0), ("5m", 300.0), ("1h30m", 5400.0), ("2d", 172800.0), ("1.5h", 5400.0), ("0s", 0.0),
     (0, 0.0), ("0", 0.0), (0.0, 0.0), ("1d1h1m1s1ms", 90061.001)],
)  # fmt: skip
def test_a_duration_is_numbers_with_units(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", [*JUNK, "10", 10, 0.5, "10 s", "30m1h", "5min", "1h-5m", "s", "1h1h", "9" * 20 + "s"])
def test_what_is_no_duration_is_told(value):
    with pytest.raises(BadValueError, match=r"is not a duration$"):
        parse_duration(value)


def test_a_bare_number_is_no_duration_and_the_hint_adds_the_unit():
    with pytest.raises(BadValueError) as caught:
        parse_duration(10)

    assert caught.value.hint == "add a unit: 10s or 10m"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0s"), (0.5, "500ms"), (5400.0, "1h30m"), (90061.001, "1d1h1m1s1ms")]
)
def test_a_duration_is_shown_in_its_units(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("written", "mode"), [("0640", 0o640), ("640", 0o640), ("0o600", 0o600), ("1777", 0o1777), (OctalInt(0o640), 0o640)]
)
def test_a_mode_is_octal(written, mode):
    assert parse_mode(written) == mode


@pytest.mark.parametrize("value", [*JUNK, "0999", "64", "rw-r-----", 416, OctalInt(0o10000), "0o64000"])
def test_what_is_no_mode_is_told(value):
    with pytest.raises(BadValueError, match=r"is not a file mode$"):
        parse_mode(value)


def test_a_decimal_mode_is_refused_with_the_octal_one_as_hint():
    with pytest.raises(BadValueError) as caught:
        parse_mode(640)

    assert caught.value.hint == 'write it in octal, with a leading zero: "0640"'


def test_a_mode_is_shown_with_four_digits():
    assert format_mode(0o640) == "0640"
