"""What patterns cost at worst, measured on texts that are made of them."""

import re
import signal
import time

import pytest
from rule_loading import book_of

from collector.rules.attacks import attacks
from collector.rules.slow_patterns import slow_patterns

HALF_A_SECOND = 0.5


class TakesTooLongError(Exception):
    pass


@pytest.fixture
def search():
    """As ``check-rules`` does it."""

    def interrupt(_signal, _frame):
        raise TakesTooLongError

    def search(pattern, text):
        began = time.thread_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, HALF_A_SECOND)
        try:
            pattern.search(text)
        except TakesTooLongError:
            return time.thread_time() - began, True
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return time.thread_time() - began, False

    before = signal.signal(signal.SIGVTALRM, interrupt)
    yield search
    signal.signal(signal.SIGVTALRM, before)


def book_with(*patterns, key="re"):
    rules = [f"- {{id: r{n}, kind: match, on: {{'{key}': '{one}'}}, alert: {{}}}}" for n, one in enumerate(patterns)]
    return book_of("\n".join(rules))


def found(search, *patterns, key="re"):
    return [(one.id, one.level) for one in slow_patterns(book_with(*patterns, key=key), search)]


@pytest.mark.parametrize(
    "pattern",
    [
        r"bar(a|aa)+c", r"(?:foo|foofoo)+y", r"(?:a|b|ab)*y", r"(?:a?){30}a{30}", r"x(\w+\s?)+$", r"(?:\w|a\s?\w)+?!",
        r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(?:(?:a?|b?)c)*z", r"^(?:x(?:ab|a|b)*)+$",
    ],
)  # fmt: skip
def test_a_pattern_that_takes_twice_as_long_for_each_turn_is_an_error(search, pattern):
    assert found(search, pattern) == [("backtracking", "error")]


@pytest.mark.parametrize(
    "pattern",
    [
        "user=(.*) from (.*) port", r"^(?P<target>.+?): .*Messages wait, up to .*, and are then", r"(\S+) foo",
        r"^.*,.*,.*,.*;", r"\w+\s*\w+\s*\w+:", "error(.*)disk(.*)failed at", r"^a(?:b|c(?:.*x|y))z*\w*\w*\w*;",
    ],
)  # fmt: skip
def test_a_pattern_whose_time_grows_with_a_power_of_the_length_is_a_warning(search, pattern):
    assert found(search, pattern) == [("slow-pattern", "warning")]


@pytest.mark.parametrize(
    "pattern",
    [
        r"Failed password for (?P<user>\S+) from (?P<ip>\S+)", r"^(\S+) (\S+) (\S+)$", r"^(?:\w+\b)+$", r"^(?>a+)+$",
        r"^(?:a++)+$", r"^[^:]+: [^,]*, (?P<rest>.*)$", r"disk (?P<disk>\w+) failed", r"^(?:ab|ac)*d", "error: .*",
        r"session (opened|closed) for user (?P<user>[\w.-]+)(?:\(uid=\d+\))? by",
    ],
)  # fmt: skip
def test_a_pattern_that_is_fast_on_all_of_them_is_not_named(search, pattern):
    assert found(search, pattern) == []


def test_it_is_told_where_and_how_much_and_on_which_text(search):
    (problem,) = slow_patterns(book_with("bar(a|aa)+c"), search)
    assert '"(a|aa)+" at character 4; ' in problem.message
    assert re.search(r" s for [0-9]+ characters, such as \"baraa", problem.message)
    (problem,) = slow_patterns(book_with("user=(.*) from (.*) port"), search)
    assert re.search(r'0\.[0-9]+ s for [0-9.]+ KB, such as "user= from user= from " and so on', problem.message)
    assert "let it begin with ^" in problem.hint


def test_a_field_that_is_never_long_may_have_what_is_slow_on_long_texts(search):
    assert found(search, r"(\S+) foo", key="app_name|re") == []
    assert found(search, r"(a+)+$", key="app_name|re") == [("backtracking", "error")]


def test_a_nest_that_is_too_deep_is_told(search):
    assert found(search, "(" * 90 + "a" + ")" * 90) == [("backtracking", "warning")]


def test_when_it_takes_too_long_in_all_only_what_is_known_without_measuring_is_told():
    patterns = [rf"user{number}=(.*) from (.*) port" for number in range(20)]
    told = list(slow_patterns(book_with(*patterns, "(a+)+$"), lambda _pattern, _text: (0.2, False)))
    assert [one.level for one in told] == ["warning"] * 4 + ["error", "info"]
    assert "was not measured for 16 rules" in told[-1].message


@pytest.mark.parametrize("pattern", ["a+b", "(?:ab?)+c", r"\d+ x", ".*a.*b"])
def test_no_attack_is_a_text_that_fits(pattern):
    """Where it fits, ``re`` does not have to try all ways."""
    assert attacks(pattern)
    assert not [text for one in attacks(pattern) if re.search(pattern, text := one.text(20))]
