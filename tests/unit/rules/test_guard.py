import re
import signal

import pytest

from collector.rules.guard import Guard, RuleTimeout

ENDLESS = re.compile(r"(a+)+$")


def test_what_is_looked_at_for_too_long_is_ended():
    guard = Guard(lambda: (3, 17))
    for now in (0.0, 0.1, 0.49):
        guard.look(now)
    with pytest.raises(RuleTimeout):
        guard.look(0.5)


def test_it_begins_anew_with_each_match():
    at = None
    guard = Guard(lambda: at)
    for number in range(100):
        at = (3, number // 20)
        guard.look(number / 50)


def test_between_matches_nothing_is_ended():
    guard = Guard(lambda: None)
    for number in range(100):
        guard.look(number / 10)


def test_what_was_ended_once_has_its_full_time_again():
    guard = Guard(lambda: (3, 17))
    guard.look(0.0)
    with pytest.raises(RuleTimeout):
        guard.look(1.0)
    guard.look(1.1)
    guard.look(1.5)
    with pytest.raises(RuleTimeout):
        guard.look(1.6)


def test_a_pattern_that_backtracks_for_ever_hears_it():
    ticks = iter(range(1000))
    guard = Guard(lambda: (0, 0), patience=2.0)
    before = signal.signal(signal.SIGVTALRM, lambda *_: guard.look(float(next(ticks))))
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.01, 0.01)
    try:
        with pytest.raises(RuleTimeout):
            ENDLESS.search("a" * 60 + "!")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slow_matches(guard, number, seconds, every):
    """So many matches of that length, one in each span of ``every`` seconds; returns how many were ended."""
    ended = 0
    for event in range(number):
        for step in range(round(seconds / 0.02) + 1):
            guard_at[0] = (3, event)
            try:
                guard.look(event * every + step * 0.02)
            except RuleTimeout:
                ended += 1
                break
        guard_at[0] = None
        guard.look(event * every + seconds + 0.01)
    return ended


guard_at = [None]


def test_many_matches_that_take_some_time_are_ended_too():
    assert slow_matches(Guard(lambda: guard_at[0]), 100, 0.4, 0.5) >= 5


def test_some_that_take_time_now_and_then_are_not():
    assert slow_matches(Guard(lambda: guard_at[0]), 100, 0.4, 10.0) == 0


def test_matches_that_take_no_time_never_are():
    guard = Guard(lambda: at)
    for number in range(1000):
        at = (3, number)
        guard.look(number * 0.02)
