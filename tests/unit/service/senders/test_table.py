"""The table of all senders in the supervisor."""

import math

import pytest

from collector.service.senders.source_senders import OTHERS
from collector.service.senders.table import Clock, SenderTable


def _change(name, messages=1, skew=None, **numbers):
    return [name, "udp", messages, *(numbers.get(what, {}) for what in ("charsets", "problems", "drops")), skew]


def _names(table):
    return [sender.name for sender in table]


def test_reports_of_several_workers_add_up():
    table = SenderTable()
    table.hear([_change("a", 3, problems={"no_pri": 1}), _change("b", 1)], 10.0)
    table.hear([["a", "tcp", 4, {"cp932": 2}, {"no_pri": 1, "bom": 1}, {"rate_limit": 9}, None]], 11.0)
    row = table.get("a").row(11.0, 1000.0)

    assert {name: row[name] for name in ("via", "messages", "charsets", "problems", "drops")} == {
        "via": ["udp", "tcp"], "messages": 7, "charsets": {"cp932": 2}, "problems": {"no_pri": 2, "bom": 1},
        "drops": {"rate_limit": 9},
    }  # fmt: skip
    assert (row["first_seen"], row["last_seen"]) == (999.0, 1000.0)


def test_the_rate_is_that_of_the_last_minute():
    table = SenderTable()
    for second in range(300):
        table.hear([_change("a", 40)], float(second))
    sender = table.get("a")

    assert sender.rate(299.0) == pytest.approx(40, rel=0.02)
    assert sender.rate(299.0 + 60) == pytest.approx(40 / math.e, rel=0.02)


def test_the_rate_of_a_new_sender_is_right_at_once():
    table = SenderTable()
    table.hear([_change("a", 40)], 5.0)

    assert table.get("a").rate(5.0) == pytest.approx(40, rel=0.02)


def test_a_full_table_lets_go_of_who_was_not_heard_for_longest_and_keeps_the_sums():
    table = SenderTable(limit=3)
    for name in "abc":
        table.hear([_change(name, 5, drops={"rate_limit": 1})], 1.0)
        table.hear([_change(name, 5)], 2.0)
    table.hear([_change("a")], 3.0)
    table.hear([_change("d")], 4.0)

    assert _names(table) == ["a", "c", "d"]
    assert (table.others.messages, table.others.drops, table.forgotten) == (10, {"rate_limit": 1}, 1)


def test_a_flood_of_made_up_addresses_does_not_push_out_who_is_known():
    table = SenderTable(limit=100)
    known = [f"10.0.0.{number}" for number in range(80)]
    for now in (1.0, 2.0):
        table.hear([_change(name) for name in known], now)
    for number in range(5000):
        table.hear([_change(f"spoofed {number}")], 3.0)

    assert set(known) <= set(_names(table))
    assert len(table) == 100
    assert table.forgotten == table.others.messages == 4980


def test_who_is_expected_keeps_its_place():
    table = SenderTable(limit=2)
    table.expect("a", 0.0)
    for number in range(10):
        table.hear([_change(f"b{number}")], 1.0)

    assert _names(table)[0] == "a"
    assert table.get("a").row(1.0, 1000.0)["last_seen"] is None


def test_what_workers_could_not_keep_apart_is_added_to_the_others():
    table = SenderTable()
    table.hear([_change(OTHERS, 7, problems={"bom": 1})], 1.0)

    assert (len(table), table.others.messages, table.others.problems) == (0, 7, {"bom": 1})


def test_pages_show_every_sender_once():
    table = SenderTable()
    table.hear([_change(str(number)) for number in range(25)], 1.0)
    pages, after = [], 0
    while page := table.page(after, 10):
        pages.append(len(page))
        after = page[-1].number

    assert pages == [10, 10, 5]


def _clock(*seen, tolerance=60.0):
    clock = Clock(0.0, None, 0.0)
    for at, skew in seen:
        clock.saw(skew, None, at, tolerance)
    return clock


def test_a_clock_is_wrong_when_it_was_off_by_the_same_for_a_minute():
    assert _clock((0, 300), (30, 301), (61, 299)).wrong
    assert not _clock((0, 300), (30, 301)).wrong
    assert not _clock((0, 20), (61, 25)).wrong


def test_one_right_stamp_clears_a_clock():
    assert not _clock((0, 300), (61, 300), (62, 1)).wrong


def test_messages_that_were_kept_back_are_no_wrong_clock():
    """A queue that is worked off: each message is less late than the one before."""
    assert not _clock(*[(at, -3600 + 40 * at) for at in range(0, 80, 5)]).wrong


def test_a_relay_of_good_and_bad_clocks_has_no_wrong_one():
    assert not _clock(*[(at, 7200 if at % 2 else 0) for at in range(100)]).wrong
