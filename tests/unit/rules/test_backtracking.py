import re
import signal

import pytest

from collector.rules.backtracking import dangers

HARMFUL = [
    (r"^(\w+\s?)+$", r"(\w+\s?)+", "a" * 40 + "!"),
    (r"(a+)+$", "(a+)+", "a" * 40 + "!"),
    (r"x(?:[a-z]+ ?)*:", "(?:[a-z]+ ?)*", "x" + "a" * 40),
    (r"^(a+|b+)*c", "(a+|b+)*", "a" * 40),
    (r"^((a+)?b?)*c", "((a+)?b?)*", "a" * 40),
    (r"^(\w+a)+$", r"(\w+a)+", "a" * 60 + "!"),
    (r"^(?:\d|[^a-f])+:", r"(?:\d|[^a-f])+", "1" * 40),
    (r"^(?:\d|0|x0)+:", r"(?:\d|0|x0)+", "0" * 40),
    (r"^(.|\s)*x", r"(.|\s)*", " " * 40),
    (r"^(?:(?i:A)|a)*b", "(?:(?i:A)|a)*", "a" * 40),
    (r"^(x+x+)+y", "(x+x+)+", "x" * 40),
    (r"(?=(a+)+$)b", "(a+)+", "a" * 40 + "!"),
    ("(?x) ^( a+ # one )\n )+ $", "( a+ # one )\n )+", "a" * 40 + "!"),
    (r"^(a{1,50}){1,50}b", "(a{1,50}){1,50}", "a" * 50),
    (r"^([^\]]|[a])*z", r"([^\]]|[a])*", "a" * 40),
    (r"(a|aa)+c", r"(a|aa)+", "a" * 40),
    (r"x(?:foo|foofoo)+y", r"(?:foo|foofoo)+", "x" + "foo" * 40),
    (r"(?:a|b|ab)*y", r"(?:a|b|ab)*", "ab" * 40),
    (r"(?:a?){30}a{30}", r"(?:a?){30}", "a" * 30),
    (r"^((a?|b?)c)*z", r"((a?|b?)c)*", "c" * 40),
]
HARMLESS = [
    r"(\w+,)+$", r"(?:[^,]*,)*x", r"(?>a+)+$", r"(?:a++)+$", r"(?:\w+\b)+$", r"(a+)+", r"(?:a|b)+$",
    r'(?:[^"\\]|\\.)*"',
    r"(\S+) (\S+) (\S+) (\S+)$", r".*error.*disk.*failed", r"foo:\s*(.*)$", r"[]a]+[^]]*x", r"(?:ab|ac)*d", r"\(a+\)+$",
    r"(?#(a+)b$", r"(?:\d|[0-9a-f])+:", r"\d{1,3}(?:\.\d{1,3}){3}$", r"(?P<ip>[0-9.]+) (?P=ip)$",
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "part", "_attack"), HARMFUL)
def test_what_may_take_for_ever_is_named_with_its_place(pattern, part, _attack):
    found = dangers(pattern)
    assert pattern[found[0].start : found[0].end] == part


class TakesTooLongError(Exception):
    pass


def _interrupt(_signal, _frame):
    raise TakesTooLongError


@pytest.fixture
def patience():
    """A tenth of a second of processor time, however busy the machine is."""
    before = signal.signal(signal.SIGVTALRM, _interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.1)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(("pattern", "_part", "attack"), HARMFUL)
def test_those_really_do(pattern, _part, attack, patience):
    with pytest.raises(TakesTooLongError):
        re.search(pattern, attack, re.ASCII)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_what_is_harmless_is_not_named(pattern):
    re.compile(pattern, re.ASCII)
    assert [danger for danger in dangers(pattern) if danger.sure] == []


def test_case_counts_unless_it_is_ignored():
    assert dangers("^(?:ab|AB)*c") == []
    assert [(one.start, one.end) for one in dangers("^(?:ab|AB)*c", ignore_case=True)] == [(1, 11)]


def test_a_nest_that_is_too_deep_is_named():
    [danger] = dangers("(" * 300 + "a" + ")" * 300)
    assert "nested too deeply" in danger.why
