"""What a worker tells of its senders."""

from datetime import UTC, datetime

import pytest

from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.service.senders import source_senders as senders
from collector.service.senders.source_senders import OTHERS, SourceSenders, sender_of

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)
INTERPRETER = Interpreter(UTC, HostMap({}), None)


@pytest.fixture
def udp():
    return SourceSenders("udp", NOW.timestamp)


def _told(of, *, takes=True):
    told = []
    of.report(lambda changes: bool(told.extend(changes)) or takes, INTERPRETER)
    return told


@pytest.mark.parametrize(
    ("peer", "sender"),
    [("192.0.2.7:514", "192.0.2.7"), ("[2001:db8::7]:514", "2001:db8::7"), ("atropos", "atropos"), (None, OTHERS)],
)
def test_a_sender_is_a_peer_without_its_port(peer, sender):
    assert sender_of(peer) == sender


def test_what_is_known_of_a_sender_is_told_once(udp):
    udp.came("192.0.2.7", 3)
    udp.came("192.0.2.7", 4)
    udp.charset("192.0.2.7", "cp932")
    udp.problem("192.0.2.7", "no_pri")
    udp.problem("192.0.2.7", "no_pri")
    udp.dropped("192.0.2.7", "rate_limit", 5)

    assert _told(udp) == [["192.0.2.7", "udp", 7, {"cp932": 1}, {"no_pri": 2}, {"rate_limit": 5}, None]]
    assert _told(udp) == []


def test_the_oldest_changes_are_told_first_and_no_more_than_a_few_reports(udp, monkeypatch):
    monkeypatch.setattr(senders, "PER_REPORT", 2)
    monkeypatch.setattr(senders, "_REPORTS", 2)
    for number in range(6):
        udp.came(f"192.0.2.{number}", 1)

    assert [change[0] for change in _told(udp)] == [f"192.0.2.{number}" for number in range(4)]
    assert [change[0] for change in _told(udp)] == ["192.0.2.4", "192.0.2.5"]


def test_what_could_not_be_told_is_told_later_and_grows_meanwhile(udp):
    udp.came("192.0.2.7", 1)
    _told(udp, takes=False)
    udp.came("192.0.2.7", 1)

    assert _told(udp)[0][:3] == ["192.0.2.7", "udp", 2]


def test_senders_beyond_the_limit_share_one_entry(udp, monkeypatch):
    monkeypatch.setattr(senders, "LIMIT", 2)
    for number in range(5):
        udp.came(f"192.0.2.{number}", 10)
        udp.problem(f"192.0.2.{number}", "no_pri")

    assert [(change[0], change[2], change[4]) for change in _told(udp)] == [
        ("192.0.2.0", 10, {"no_pri": 1}), ("192.0.2.1", 10, {"no_pri": 1}), (OTHERS, 30, {"no_pri": 3}),
    ]  # fmt: skip


def test_of_a_sender_one_message_a_turn_is_wanted_as_a_sample(udp):
    assert udp.came("192.0.2.7", 1)
    udp.sample("192.0.2.7", "192.0.2.7:514", b"<13>Nov 22 15:02:00 gate app: x")

    assert not udp.came("192.0.2.7", 1)
    assert _told(udp)[0][-1] == [120.0, None]
    assert udp.came("192.0.2.7", 1)


def test_samples_are_few_and_in_the_end_everybody_has_given_one(udp):
    names = [f"192.0.2.{number}" for number in range(400)]
    sampled = set()
    for _ in range(100):
        wanted = [name for name in names if udp.came(name, 1)]
        assert len(wanted) <= senders._SAMPLES
        for name in wanted:
            udp.sample(name, name, b"<13>Nov 22 15:00:00 gate app: x")
        sampled |= {change[0] for change in _told(udp) if change[-1] is not None}

    assert sampled == set(names)
