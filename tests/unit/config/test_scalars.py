import math

import pytest

from collector.config.scalars import OctalInt, resolve


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_spellings(text):
    assert resolve(text) is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("FALSE", False), ("false", False)])
def test_only_true_and_false_are_bool(text, value):
    assert resolve(text) is value


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "off", "y", "tRUE", "nULL", "0640", "010", "-01", "007.5", "12:30", "1:2:3", "2026-07-23",
     "1_000", "0b11", "0o8", "0xg", "+", "-", ".", "..", "1.2.3", "0.0.0.0:514", "+09:00", "-/var/log/mail", "<<", "=",
     "1" * 41, "0x" + "f" * 41, "1." + "0" * 400, "９"],
)  # fmt: skip
def test_everything_else_is_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0", 0), ("+12", 12), ("514", 514), ("0o640", 0o640), ("0xFF", 255), ("9" * 40, int("9" * 40))],
)
def test_integers_are_decimal_octal_or_hexadecimal(text, value):
    assert resolve(text) == value
    assert isinstance(resolve(text), int)


def test_an_octal_number_remembers_that_it_was_one():
    assert isinstance(resolve("0o640"), OctalInt)
    assert not isinstance(resolve("640"), OctalInt)


@pytest.mark.parametrize(
    ("text", "value"), [("1.5", 1.5), (".5", 0.5), ("-1.", -1.0), ("1e3", 1000.0), ("0.1E-1", 0.01), (".inf", math.inf)]
)
def test_floats(text, value):
    assert resolve(text) == value
    assert isinstance(resolve(text), float)


def test_not_a_number_is_a_float():
    assert math.isnan(resolve(".nan"))
    assert resolve("-.INF") == -math.inf
