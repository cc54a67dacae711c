"""State has bounds, and what goes for want of room is counted."""

import pickle

import pytest
from rule_loading import book_of
from rule_rig import Said, alerts

from collector.rules.engine import Engine

COUNT = "- {id: %s, kind: threshold, on: {text: %s}, by: Host, within: %s, count: %s, alert: {}}"


def engine_of(*rules, keys=10):
    return Engine(book_of("rules:\n" + "\n".join(f"  {rule}" for rule in rules)), keys=keys)


def feed(engine, line, hosts, start=0.0):
    for number, host in enumerate(hosts):
        engine.feed(Said(line, start + number / 1000, Host=str(host)))


@pytest.mark.parametrize("count", ["3", "{distinct: User, gte: 3}"])
def test_the_key_that_was_not_touched_for_longest_goes_first(count):
    engine = engine_of(COUNT % ("r", "x", "1h", count))
    for number, host in enumerate([0, *range(1, 9), 0, 9, 10, 0]):
        engine.feed(Said("x", number, Host=str(host), User="b" if number == 9 else "ac"[number > 9]))
    assert [dict(alert.key) for alert in alerts(engine)] == [{"Host": "0"}]
    assert engine.report()["r"]["evicted"] >= 1
    assert engine.room.used <= 10


def test_a_rule_that_is_flooded_with_keys_pays_for_itself():
    engine = engine_of(COUNT % ("flooded", "x", "1h", 2), COUNT % ("quiet", "y", "1h", 2))
    feed(engine, "y", "ab")
    feed(engine, "x", range(1000), start=1)
    feed(engine, "y", "ab", start=10)
    assert [dict(alert.key) for alert in alerts(engine)] == [{"Host": "a"}, {"Host": "b"}]
    assert (engine.report()["flooded"]["evicted"], engine.report()["quiet"]["evicted"]) == (992, 0)


def test_what_is_over_makes_room_and_is_not_counted_as_lost():
    engine = engine_of(COUNT % ("r", "x", "10s", 3))
    feed(engine, "x", range(10))
    feed(engine, "x", range(10, 20), start=60)
    assert engine.report()["r"]["evicted"] == 0


def test_what_is_over_in_one_rule_goes_before_what_is_alive_in_another():
    engine = engine_of(COUNT % ("r", "x", "10s", 3), COUNT % ("s", "y", "1h", 3))
    feed(engine, "x", range(5))
    feed(engine, "y", range(8), start=60)
    assert engine.report()["s"]["evicted"] == 0
    assert engine.room.used == 8


def test_what_is_over_is_forgotten_as_time_goes_on():
    engine = engine_of(COUNT % ("r", "x", "10s", 3))
    feed(engine, "x", range(10))
    engine.advance(60)
    assert engine.room.used == 0


def test_many_times_of_a_key_count_as_several_keys():
    engine = engine_of(COUNT % ("r", "x", "1h", 1000), keys=1000)
    feed(engine, "x", "a" * 1000)
    assert engine.room.used == 1 + 2002 // 32
    engine.advance(10_000)
    assert engine.room.used == 0


def test_every_value_of_a_key_counts():
    rule = "- {id: r, kind: threshold, on: {text: x}, within: 1h, count: {distinct: Host, gte: 50}, alert: {}}"
    engine = engine_of(rule, keys=1000)
    feed(engine, "x", range(40))
    assert engine.room.used == 40
    feed(engine, "x", range(40, 80), start=1)
    assert engine.room.used == 50


def test_what_a_limit_held_back_is_told_when_its_key_has_to_go():
    rule = "- {id: r, kind: match, on: {text: x}, limit: {by: Host, first: 1, per: 1h}, alert: {title: '{{ Host }}'}}"
    engine = engine_of(rule, keys=2)
    feed(engine, "x", ["a", "a", "a", "b", "c"])
    assert [alert.title for alert in alerts(engine)] == ["a", "b", "a … and 2 more", "c"]


def test_a_title_is_kept_by_its_beginning_until_it_is_told():
    rule = "- {id: r, kind: match, on: {text: x}, limit: {first: 1, per: 1h}, alert: {title: '{{ message }}'}}"
    engine = engine_of(rule)
    feed(engine, "x" * 60_000, "ab")
    alerts(engine)
    assert len(pickle.dumps(engine.dump())) < 5_000
    engine.advance(3600)
    assert [alert.title for alert in alerts(engine)] == ["x" * 199 + "… … and 1 more"]


def test_what_the_alert_at_an_end_needs_is_kept_by_its_beginning_and_counts():
    texts = "alert: {title: '{{ message }}'}"
    engine = engine_of(f"- {{id: r, kind: threshold, on: {{text: x}}, window: anchored, by: Host, within: 1h,"
                       f" count: {{lte: 3}}, {texts}}}")  # fmt: skip
    feed(engine, "x" * 60_000, "abc")
    assert engine.room.used == 6
    assert len(pickle.dumps(engine._runners[0].kind._window.table.dump())) < 2_000
    engine.advance(3700)
    assert [alert.title for alert in alerts(engine)] == ["x" * 199 + "…"] * 3


def test_nobody_waits_for_keys_that_had_to_go():
    engine = engine_of((COUNT % ("r", "x", "1h", 1)).replace("alert: {}", "clear: {within: 1d}, alert: {}"))
    feed(engine, "x", range(20_000))
    alerts(engine)
    assert len(pickle.dumps(engine.dump()["rules"]["r"]["kind"][1])) < 2_000
    engine.advance(100_000)
    assert [alert.key["Host"] for alert in alerts(engine)] == [str(host) for host in range(19_990, 20_000)]


def test_a_long_message_is_among_the_records_by_its_beginning():
    engine = engine_of("- {id: r, kind: threshold, on: {text: x}, within: 1h, count: 2, alert: {}}")
    feed(engine, "x" * 60_000, "ab")
    (alert,) = alerts(engine)
    assert [len(record["message"]) for record in alert.records] == [4096, 4096]
    assert len(pickle.dumps(engine.dump())) < 30_000
