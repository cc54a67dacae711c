"""When messages arrived that are read from a file which does not tell."""

import pytest

from collector.service.check_rules.virtual_clock import VirtualClock

DAY = 86_400.0


def test_the_clock_is_the_newest_time_so_far():
    assert VirtualClock(0.0).arrivals([10.0, 11.0, 9.0, 13.0]) == [10.0, 11.0, 11.0, 13.0]


def test_it_goes_on_from_block_to_block():
    clock = VirtualClock(0.0)
    clock.arrivals([10.0])
    assert clock.arrivals([9.0, None, 12.0]) == [10.0, 10.0, 12.0]
    assert clock.now == 12.0


def test_messages_without_a_time_come_with_those_before_or_else_with_the_next():
    assert VirtualClock(7.0).arrivals([None, 10.0, None]) == [10.0, 10.0, 10.0]
    assert VirtualClock(7.0).arrivals([None]) == [7.0]
    assert VirtualClock(7.0).arrivals([]) == []


@pytest.mark.parametrize("before", [[], [100.0]])
def test_a_clock_that_is_ahead_of_the_others_moves_nothing(before):
    times = [*before, 100 + 2 * DAY, 101.0, 102.0]
    assert VirtualClock(0.0).arrivals(times)[-2:] == [101.0, 102.0]


def test_nor_does_it_in_a_later_block():
    clock = VirtualClock(0.0)
    clock.arrivals([100.0])
    assert clock.arrivals([None, 100 + 2 * DAY, 101.0, 102.0]) == [100.0, 100.0, 101.0, 102.0]


def test_a_long_silence_is_believed():
    assert VirtualClock(0.0).arrivals([100.0, 100 + 9 * DAY, 101 + 9 * DAY]) == [100.0, 100 + 9 * DAY, 101 + 9 * DAY]


def test_a_jump_at_the_end_is_believed():
    assert VirtualClock(0.0).arrivals([100.0, 100 + 9 * DAY])[-1] == 100 + 9 * DAY


def test_given_times_are_believed_whatever_they_are():
    clock = VirtualClock(0.0)
    assert clock.given([5.0, 5 + 9 * DAY, 7.0]) == [5.0, 5 + 9 * DAY, 5 + 9 * DAY]
    assert clock.given([]) == []
