"""Patterns that are bound to the beginning of a line, which is a stamp and a host name."""

import re

import pytest

from collector.rules.line_start import can_begin_line

LINES = ["Oct 11 22:14:15 gate sshd[411]: Failed password", "Feb  3 08:09:10 192.0.2.7 x: y", "Jul 23 15:54:31 - text"]

FINDS = [
    r"^.{15} \S+ sshd", r"^(\w{3}) +\d+ [\d:]+ gate", r"^\w", r"^Oct", r"^[A-Z][a-z]+ ", r"^Feb  3", r"^.*Failed",
    r"^(?:Jan|Feb|Oct) ", r"^\S+\s+\S+ \S+ gate", r"^(?=Oct).*x", r"x|^y", r"Failed$", "", r"^", r"^\b", r"(^|x)y",
    r"^(.)\1?ct", r"^...\b", r"^\D+\d+ \d\d:\d\d:\d\d", r"\AOct", r"^.{16}gate", r"^(?!Nov)\w+", r"(?i)^OCT", r"^[^<]",
]  # fmt: skip
NEVER = [
    r"^Failed", r"^sshd", r"^<38>", r"^\S+ sshd", r"\Akernel", r"^\d", r"^ ", r"^\[", r"^(?:Failed|Accepted) ",
    r"^\d+:\d+", r"^gate", r"^Octo", r"^Oct 41", r"^.{3}x", r"^(?P<host>\S+) sshd\[", r"^\w+ \w+: ",
]  # fmt: skip


@pytest.mark.parametrize("pattern", FINDS)
def test_patterns_that_may_find_a_line(pattern):
    assert can_begin_line(pattern)


@pytest.mark.parametrize("pattern", NEVER)
def test_patterns_that_find_no_line(pattern):
    assert not can_begin_line(pattern)
    assert not any(re.search(pattern, line) for line in LINES)


def test_case_may_not_count():
    assert not can_begin_line("^oct")
    assert can_begin_line("^oct", ignore_case=True)
