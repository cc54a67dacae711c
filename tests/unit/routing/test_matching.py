import pytest

from collector.routing.matching import MODIFIERS, Operand, number


def fits(kind, pattern, value, *, cased=False):
    return MODIFIERS[kind](Operand(pattern, cased))(value)


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("*", "", True),
        ("?", "", False),
        ("a?c", "abc", True),
        ("a*c", "ac", True),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXcYb", False),
        ("**a**", "xay", True),
        ("a*a", "a", False),
        ("*ab", "aab", True),
        (r"a\*c", "a*c", True),
        (r"a\*c", "abc", False),
        (r"a\?", "a?", True),
        (r"C:\Windows\*.exe", r"c:\windows*.EXE", True),
        (r"C:\Windows\\*.exe", r"c:\windows\x.exe", True),
        (r"C:\\Windows", r"C:\Windows", True),
        (r"C:\Windows", r"C:\Windows", True),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        ("a*c", "a\nc", True),
        ("日本*", "日本語", True),
        ("STRASSE", "straße", True),
        ("Ὀδυσσεύς*", "ὈΔΥΣΣΕΎΣ!", True),
    ],
)
def test_wildcards_stand_for_characters(pattern, value, expected):
    assert expected == fits("", pattern, value)


def test_a_part_of_the_text_may_end_in_a_backslash():
    assert fits("contains", "Windows\\", r"C:\Windows\system32")
    assert fits("startswith", "C:\\", r"C:\Windows")
    assert fits("contains", "C:\\*\\", "in C:*\\ at")


def test_case_counts_only_where_asked():
    assert fits("contains", "ab?", "xABC")
    assert not fits("contains", "ab?", "xABC", cased=True)
    assert fits("endswith", "BC", "xABC", cased=True)


def test_many_stars_take_linear_time():
    assert not fits("", "*a" * 30 + "*b", "a" * 20_000)
    assert not fits("contains", "a*" * 30 + "b", "a" * 20_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("-7", -7),
        ("+7.5", 7.5),
        ("007", 7),
        ("", None),
        ("7 ", None),
        ("0x7", None),
        ("7e3", None),
        ("٧", None),
    ],
)
def test_numbers_are_decimal(text, expected):
    assert expected == number(text)
