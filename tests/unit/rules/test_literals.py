import re

import pytest

from collector.rules.literals import literals_of
from collector.rules.needles import ANYTHING, AllOf, AnyOf, Literal
from collector.rules.regex_tree import parse


def shown(formula):
    """``a & (b | c)``, with a tilde before what is looked for in any case."""
    match formula:
        case AllOf(parts):
            return " & ".join(map(shown, parts)) or "anything"
        case AnyOf(parts):
            return f"({' | '.join(sorted(map(shown, parts)))})"
        case Literal(text, caseless):
            return "~" * caseless + repr(text.decode())


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("abc", "'abc'"),
        ("a(b)(?:c)(?P<d>d)", "'abcd'"),
        ("^abc$", "'abc'"),
        (r"\babc\b", "'abc'"),
        ("abc+d", "'abc' & 'cd'"),
        ("ab(?:cd)+ef", "'abcd' & 'cdef'"),
        ("abc*d", "'ab' & 'd'"),
        ("abc?d", "('abcd' | 'abd')"),
        ("ab{2}c", "'abbc'"),
        ("ab{2,3}c", "('abbbc' | 'abbc')"),
        ("ab{9}c", "'ab' & 'bc'"),
        ("ab{0,9}c", "'a' & 'c'"),
        ("a.c", "'a' & 'c'"),
        ("a[bc]d", "('abd' | 'acd')"),
        ("a[b-z]d", "'a' & 'd'"),
        ("a[^b]d", "'a' & 'd'"),
        ("I(llegal|nvalid) user", "('Illegal user' | 'Invalid user')"),
        ("a(b.c|d)e", "'a' & ('b' & 'c' | 'd') & 'e'"),
        ("(?:ab.*|c)", "('ab' | 'c')"),
        ("(?:ab|.*)", "anything"),
        ("(?:ab|)", "anything"),
        ("ab|cd", "('ab' | 'cd')"),
        ("(?i)abC", "~'abc'"),
        ("ab(?i:C)", "~'abc'"),
        ("(?i:ab(?-i:c))", "~'abc'"),
        ("[Ff]ailed", "~'failed'"),
        ("(?i)É", "'É'"),
        ("a(?u:b)c", "'a' & 'c'"),
        ("a(?=.*bcd)(?!e)f", "'bcd' & 'af'"),
        ("(?<=ab)c", "'ab' & 'c'"),
        (r"(ab)x\1", "'abx'"),
        (r"(ab)?x(?(1)c|d)y", "('abx' | 'x') & 'y'"),
        ("(?>ab)c++d", "'abc' & 'cd'"),
        ("ab\ncd", "anything"),
        ("ログ(?:イン|オン)", "('ログイン' | 'ログオン')"),
        ("", "anything"),
        (".*", "anything"),
    ],
)
def test_what_an_expression_needs(pattern, needed):
    re.compile(pattern, re.ASCII)
    assert shown(literals_of(parse(pattern))) == needed


def test_ignoring_case_makes_every_letter_caseless():
    assert literals_of(parse("Ab1", ignore_case=True)) == Literal(b"ab1", caseless=True)


def test_many_alternatives_stay_few_strings():
    formula = literals_of(parse("(?:a|b|c)(?:d|e|f)(?:g|h|i)(?:j|k|l)"))
    assert isinstance(formula, AllOf)
    assert all(len(part.parts) <= 16 for part in formula.parts)


def test_a_nest_of_repeats_takes_no_longer_than_its_length():
    pattern = "x" + "(?:a" * 45 + "b" + ")+" * 45
    assert literals_of(parse(pattern)) != ANYTHING


def test_a_long_text_is_cut():
    formula = literals_of(parse("ab" * 200 + ".", ignore_case=False))
    assert formula == Literal(b"ab" * 200)
