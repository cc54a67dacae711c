from dataclasses import asdict

import pytest
from status_answers import FINE, SENT

from collector.rules.counters import Counters
from collector.service.screen import Screen
from collector.service.watching import screen


def shown(width=80, colour=False, **changes):
    lines = Screen(width, colour, (13,) * 4)
    screen.show(lines, {**FINE, **changes})
    return "\n".join(lines.lines)


def test_without_rules_there_is_nothing_to_show():
    lines = Screen(80, False, (13,) * 4)
    screen.show(lines, None)
    assert lines.lines == []


def test_while_the_correlator_starts_it_says_so():
    lines = Screen(80, False, (13,) * 4)
    screen.show(lines, {"correlator": 0, "by_rule": {}, "destinations": {}})
    assert lines.lines == ["", "rules: the correlator is being started"]


def test_rules_that_were_hit_have_a_line_each():
    assert shown().splitlines() == [
        "",
        "rules: 1,200 in force, 4,711 alerts so far",
        "",
        "RULES                                             hits       alerts    held back",
        "  ssh-spray                                      4,711            3            0",
    ]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"lag_seconds": 61.4}, "; 61 s behind"),
        ({"silent_seconds": 12.0}, "rules stand still: nothing heard of them for 12 s"),
        ({"alerts_wait": True}, "alerts cannot be written to their journal, and wait"),
        ({"lost": 1234}, "1,234 batches were lost before rules saw them"),
        ({"unreadable": 2}, "2 batches cannot be read"),
        ({"by_rule": {"a": asdict(Counters(quarantined=1))}}, "QUARANTINED: it is not tried for a while"),
        ({"by_rule": {"a": asdict(Counters(timeouts=2))}}, "ended because they took too long 2"),
        ({"by_rule": {"a": asdict(Counters(errors=3))}}, "errors 3"),
        ({"by_rule": {"a": asdict(Counters(hits=1, evicted=5, late=2))}}, "out of order 2, keys forgotten for want of"),
        ({"destinations": {"ops": {**SENT, "dead": 2, "dropped": {"cap": 3}}}}, "cap 3, dead letters 2"),
    ],
)
def test_what_is_wrong_is_said(changes, text):
    assert text in shown(**changes)
    assert "\x1b[31m" not in shown(**changes)


def test_a_rule_in_quarantine_comes_first_whatever_the_others_do():
    rules = {f"r{number}": asdict(Counters(hits=9, alerts=9)) for number in range(30)}
    text = shown(by_rule={**rules, "broken": asdict(Counters(quarantined=1))}, colour=True)
    assert text.index("broken") < text.index("r0")
    assert "\x1b[31m  broken" in text
    assert "and 11 others with hits" in text


@pytest.mark.parametrize("width", range(20, 90, 7))
@pytest.mark.parametrize("name", ["a", "windows-security/" + "x" * 100, "\u7740\u4fe1" * 20])
def test_no_line_is_wider_than_the_terminal_but_for_names_and_no_number_is_cut(width, name):
    counts = asdict(Counters(hits=123_456_789, alerts=1_234_567, suppressed=1_000_000, errors=12_345, late=1))
    sent = {**SENT, "sent": 123_456_789, "failed": {"timeout": 1_234_567}, "retried": 9_999_999}
    text = shown(width, by_rule={name: counts}, destinations={name: sent}, lag_seconds=86_400, lost=10**9)

    for number in ("123,456,789", "1,234,567", "1,000,000", "12,345", "9,999,999", "86,400", "1,000,000,000"):
        assert number in text
    assert all(len(line) <= max(60, width) or name in line for line in text.splitlines())


def test_names_from_outside_cannot_steer_the_terminal():
    assert "\x1b" not in shown(destinations={"exec \x1b[2J": SENT})
