from collections import Counter
from functools import partial
from types import SimpleNamespace

import pytest

from collector.config.network import parse_network
from collector.config.rate import Rate
from collector.shared import Arena
from collector.sources import gate
from collector.sources.allow import AllowList
from collector.sources.gate import Gate
from collector.sources.rate import RateLimiter

FRIEND, STRANGER = "192.0.2.7", "198.51.100.7"


class Desk:
    """What a gate says and counts."""

    def __init__(self):
        self.counts = Counter()
        self.dropped = Counter()
        self.refused = Counter()
        self.surroundings = SimpleNamespace(
            meter=SimpleNamespace(count=self._count),
            senders=SimpleNamespace(dropped=partial(self._add, self.dropped)),
            refuse=lambda reason, sender, number, _limit: self._add(self.refused, sender, reason, number),
        )

    def _count(self, name, amount=1, reason=""):
        self.counts[name, reason] += amount

    def _add(self, counter, sender, reason, number):
        counter[sender, reason] += number


@pytest.fixture
def desk():
    return Desk()


def rate_limiter(messages, per=1.0):
    arena = Arena()
    return RateLimiter.within(arena.view(arena.take(RateLimiter.words(1))), 0, 1, Rate(messages, per))


def sift(one, senders, now=5.0):
    return one.sift(Counter(senders), lambda: senders, now)


def never():
    raise AssertionError("no datagram had to be looked at")


def test_strangers_are_sorted_out_and_counted(desk):
    one = Gate(AllowList([parse_network("192.0.2.0/24")]), None, desk.surroundings)

    assert sift(one, [FRIEND, STRANGER, FRIEND, STRANGER]) == [True, False, True, False]
    assert desk.counts == {("received_messages", ""): 2, ("rejected_messages", "not_allowed"): 2}
    assert desk.dropped == desk.refused == {(STRANGER, "not_allowed"): 2}


def test_friends_cost_no_look_at_their_datagrams(desk):
    one = Gate(AllowList([parse_network("192.0.2.0/24")]), None, desk.surroundings)

    assert [one.sift({FRIEND: 3}, never, 5.0) for _ in range(2)] == [None, None]
    assert desk.counts == {}


def test_a_stranger_stays_one(desk):
    one = Gate(AllowList([parse_network("192.0.2.0/24")]), None, desk.surroundings)

    assert [sift(one, [STRANGER]) for _ in range(3)] == [[False]] * 3


def test_over_the_limit_the_first_ones_of_a_sender_pass(desk):
    one = Gate(None, rate_limiter(3), desk.surroundings)

    assert sift(one, ["a", "b", "a", "a", "a", "b", "a"]) == [True, True, True, True, False, True, False]
    assert desk.counts == {("received_messages", ""): 2, ("rejected_messages", "rate_limit"): 2}
    assert sift(one, ["a", "b", "b"]) == [False, True, False]
    assert sift(one, ["a", "b"], now=6.0) is None
    assert desk.dropped == {("a", "rate_limit"): 3, ("b", "rate_limit"): 1}


def test_a_stranger_uses_up_no_rate(desk):
    one = Gate(AllowList([parse_network("192.0.2.0/24")]), rate_limiter(1), desk.surroundings)

    assert sift(one, [STRANGER, FRIEND, FRIEND]) == [False, True, False]
    assert desk.refused == {(STRANGER, "not_allowed"): 1, (FRIEND, "rate_limit"): 1}


def test_who_finds_no_place_in_the_table_passes_and_is_counted(desk, monkeypatch):
    monkeypatch.setattr("collector.sources.tally.key_of", lambda sender: int(sender) << 40)
    monkeypatch.setattr("collector.sources.rate.key_of", lambda sender: int(sender) << 40)
    one = Gate(None, rate_limiter(1), desk.surroundings)
    for number in range(1, 7):
        assert sift(one, [str(number)]) is None

    assert sift(one, ["1", "5", "6"]) == [False, True, True]
    assert desk.counts["unmetered_messages", ""] == 4


def test_what_is_remembered_of_a_flood_of_senders_is_bounded(desk, monkeypatch):
    monkeypatch.setattr(gate, "_REMEMBERED", 100)
    one = Gate(AllowList([parse_network("10.0.0.0/8")]), None, desk.surroundings)
    for number in range(1000):
        sift(one, [f"10.0.{number // 250}.{number % 250}", f"11.0.{number // 250}.{number % 250}"])

    assert len(one._welcome) <= 100
    assert desk.counts["rejected_messages", "not_allowed"] == 1000
