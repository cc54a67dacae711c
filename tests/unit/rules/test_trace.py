from rule_loading import book_of
from rule_rig import Said, alerts

from collector.rules.engine import Engine
from collector.rules.explain import explanation, verdict
from collector.rules.kind import Outlook

RULES = """
    sets: [{name: s, ordered: true}]
    rules:
      - {id: first, kind: match, set: s, on: {text: a}, alert: {}}
      - {id: second, kind: match, set: s, on: {text: x}, alert: {}}
      - {id: night, kind: match, on: {text: x}, time: {hours: "22:00-06:00"}, alert: {}}
      - {id: many, kind: threshold, on: {text: x}, by: Host, within: 60s, count: 3, alert: {}}
      - {id: users, kind: threshold, on: {text: x}, by: Host, within: 60s, count: {distinct: User, gte: 3}, alert: {}}
      - {id: few, kind: threshold, on: {text: x}, by: Host, within: 60s, window: anchored, count: {lt: 3}, alert: {}}
      - id: calm
        kind: threshold
        on: {text: x}
        within: 60s
        count: 2
        clear: {within: 20s, at_most: 1}
        alert: {}
      - {id: limited, kind: match, on: {text: x}, limit: {by: Host, first: 1, per: 100s}, alert: {}}
"""
NOON = 12 * 3600


def engine_with(*events):
    engine = Engine(book_of(RULES))
    for event in events:
        engine.feed(event)
    return engine


def traced(engine, event):
    return {found.rule: found for found in engine.trace(event)}


def x(time, **fields):
    return Said("x", NOON + time, Host="gate", **fields)


def test_it_tells_what_was_asked_and_found():
    found = traced(engine_with(), Said("y"))["first"]
    assert (found.fits, [step.asked for step in found.steps]) == (False, ["text: a"])


def test_it_tells_which_rule_ends_a_set():
    found = traced(engine_with(), Said("a x", Host="gate"))
    assert (found["first"].stopped_by, found["second"].stopped_by) == (None, "first")
    assert found["second"].fits


def test_it_tells_that_a_rule_is_not_at_work():
    assert not traced(engine_with(), x(0))["night"].at_work


def test_it_tells_where_a_key_stands():
    found = traced(engine_with(x(0, User="a"), x(10, User="b")), x(20, User="b"))
    assert found["many"].key == {"Host": "gate"}
    assert found["many"].outlook == Outlook(3, 3, NOON + 60)
    assert found["users"].outlook == Outlook(2, 3, NOON + 60)
    assert found["few"].outlook == Outlook(3, 3, NOON + 60, at_end=True)


def test_a_key_that_waits_for_calm_has_alerted_already_until_it_is_calm():
    assert traced(engine_with(x(0)), x(5))["calm"].outlook == Outlook(2, 2, NOON + 60)
    engine = engine_with(x(0), x(5), x(10))
    for _ in range(2):  # nothing changes by it
        assert traced(engine, x(12))["calm"].outlook == Outlook(2, 2, NOON + 30, said=True)
    assert traced(engine, x(25))["calm"].outlook == Outlook(1, 2, None)


def test_what_is_over_counts_no_more():
    found = traced(engine_with(x(0, User="a"), x(10, User="b")), x(65, User="c"))
    assert [found[rule].outlook.count for rule in ("many", "users", "few")] == [2, 2, 1]
    found = traced(engine_with(x(0, User="a"), x(10, User="b")), x(500, User="c"))
    assert [found[rule].outlook.count for rule in ("many", "users", "few")] == [1, 1, 1]


def test_it_tells_what_holds_an_alert_back_and_until_when():
    engine = engine_with(x(0))
    found = traced(engine, x(20))["limited"]
    assert (found.held_by, found.until) == ("limit", NOON + 100)
    engine.mute("limited", {"Host": "gate"}, NOON + 50)
    found = traced(engine, x(20))["limited"]
    assert (found.held_by, found.until) == ("mute", NOON + 50)
    assert traced(engine, x(120))["first"].held_by is None
    assert traced(engine_with(x(0)), x(100))["limited"].held_by is None


def test_a_key_without_its_field_is_told():
    assert traced(engine_with(), Said("x", NOON))["many"].key is None


def test_nothing_changes_by_it():
    engine, other = engine_with(x(0)), engine_with(x(0))
    for _ in range(5):
        engine.trace(x(1))
    for event in (x(2), x(3)):
        engine.feed(event)
        other.feed(event)
    assert alerts(engine) == alerts(other)
    assert engine.report() == other.report()


WORDS = """
    sets: [{name: s, ordered: true}]
    rules:
      - {id: jump, kind: match, set: s, on: {text: x}, then: {goto: last}, alert: {}}
      - {id: past, kind: match, set: s, on: {text: x}, alert: {}}
      - {id: last, kind: match, set: s, on: {text: x}, alert: {}}
      - {id: half, kind: match, on: {text: x}, by: Host, limit: {every: 2, by: User}, alert: {}}
      - {id: five, kind: match, on: {text: x}, by: Host, limit: {first: 1, per: 1h, by: []}, alert: {}}
      - {id: many, kind: threshold, on: {text: x}, within: 60s, count: 2, alert: {}}
      - {id: either, kind: match, on: {any: [{text: y, Host: gate}, {text: x, Host: gate}]}, alert: {}}
"""


def said_of(*events):
    """What is said of the last of these events, by rule."""
    engine, book = Engine(book_of(WORDS)), book_of(WORDS)
    for event in events[:-1]:
        engine.feed(event)
    shown = [explanation(one, rule) for one, rule in zip(engine.trace(events[-1]), book.rules, strict=True)]
    return {one["rule"]: verdict(one, lambda seconds: f"{seconds - NOON:.0f} s") for one in shown}, shown


def test_it_says_for_whom_a_limit_holds_back_and_how_far_it_is():
    said, _ = said_of(x(0, User="bob"))
    assert said["half"] == "held back by its limit for User=bob, as number 1 of 2"
    said, _ = said_of(x(0, User="bob"), x(1, User="bob"))
    assert said["half"] == "fires for Host=gate"
    assert said["five"] == "held back by its limit until 3600 s"


def test_it_says_that_a_rule_was_led_past():
    said, _ = said_of(x(0))
    assert said["past"] == "fits, but jump came first in its set and leads past it"
    assert said["last"] == "fires"


def test_more_than_enough_are_counted_as_at_least_so_many():
    said, _ = said_of(x(0), x(1), x(2), x(3))
    assert said["many"].startswith("counted: at least 2 of 2")


def test_alternatives_have_numbers():
    _, shown = said_of(x(0))
    assert [step["asked"] for step in shown[-1]["steps"] if step["depth"] < 2] == [
        "any", "alternative 1", "alternative 2",
    ]  # fmt: skip
