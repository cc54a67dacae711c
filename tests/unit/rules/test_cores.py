import re

import pytest

from collector.rules.cores import core_of
from collector.rules.regex_tree import parse


@pytest.mark.parametrize(
    ("pattern", "core"),
    [
        (r"^\S+ kernel: sd[a-z]: .* timed out$", r" kernel: sd[a-z]: [^\n]* timed out"),
        (r"foo\d{3}bar", "foo[0-9]{3}bar"),
        (r"foob\d*bar baz\d+", "foob[0-9]*bar baz"),
        (r"(?i)error.{2}disk", r"[Ee][Rr][Rr][Oo][Rr][^\n]{2,8}[Dd][Ii][Ss][Kk]"),
        (r"error é? disk", "error (?:é)? disk"),
        (r"(?:error|fatal) [1-3] (?:seen|gone)", "(?:error|fatal) [1-3] (?:seen|gone)"),
    ],
)
def test_a_core_goes_from_the_first_text_to_the_last(pattern, core):
    made = re.compile(core_of(parse(pattern)).pattern.encode())
    same = re.compile(core.encode())
    for line in ("host kernel: sda: x timed out", " kernel: sd0: x timed out", "foo123bar", "foo12bar", "foob1bar baz",
                 "ERROR é disk", "ERROR  disk", "error é disk", "error  disk", "fatal 2 gone",
                 "fatal 4 gone"):  # fmt: skip
        found, expected = made.search(line.encode()), same.search(line.encode())
        assert (found and found[0]) == (expected and expected[0]), line


@pytest.mark.parametrize("pattern", [r"\d+", ".*", "", r"a\d", "[a-c]+ ?x", "(?:ab|c)"])
def test_what_has_no_text_of_two_bytes_has_no_core(pattern):
    assert core_of(parse(pattern)) is None


def test_a_long_repetition_loses_its_end():
    assert core_of(parse("foo .{0,1000} bar")).pattern.count("{") == 1
    assert "1000" not in core_of(parse("foo .{0,1000} bar")).pattern


def test_what_would_make_a_large_automaton_has_no_core():
    assert core_of(parse("abcd(?:(?:x[0-9]{16}){16}){16}efgh")) is None


def test_a_core_knows_how_much_it_determines():
    loose, tight = core_of(parse("error.*disk")), core_of(parse("error [0-9]{4} on disk"))
    assert tight.bits > loose.bits + 4
