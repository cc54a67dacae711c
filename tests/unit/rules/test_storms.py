"""A hundred thousand events, some late, of ten hosts: whatever a limit or a mute holds back, the counts add up."""

import random
from itertools import accumulate

import pytest
from rule_loading import book_of
from rule_rig import Said

from collector.rules.engine import Engine

MANY = 100_000
RULES = """
    rules:
      - {id: begin, kind: match, on: {text: begin}}
      - {id: end, kind: match, on: {text: end}}
      - {id: first, kind: match, on: {text: x}, by: Host, limit: {first: 3, per: 10s}, alert: {}}
      - {id: every, kind: match, on: {text: x}, limit: {by: [Host, Port], every: 7, per: 100s}, alert: {}}
      - {id: once, kind: match, on: {text: x}, limit: {once: true, per: 1h}, alert: {}}
      - {id: muted, kind: match, on: {text: x}, mute: {from: begin, until: end, at_most: 1h}, alert: {}}
"""


@pytest.fixture(scope="module")
def told():
    drawn = random.Random(1)
    engine = Engine(book_of(RULES))
    arrivals = accumulate(drawn.choices([0, 0, 0.001, 0.01, 0.1], k=MANY), initial=1000.0)
    for number, arrival in zip(range(MANY), arrivals, strict=False):
        if number in {100, 90_000}:
            engine.feed(Said("begin" if number == 100 else "end", arrival))
        sent = arrival - drawn.choice([0, 0, 0, 0.1, 20])
        engine.feed(Said("x", sent, arrival, Host=drawn.choice("abcdefghij"), Port=drawn.choice("123")))
    engine.advance(1e9)
    return engine


@pytest.mark.parametrize("rule", ["first", "every", "once", "muted"])
def test_every_event_of_a_storm_is_in_an_alert_or_a_summary(told, rule):
    alerts = [alert for alert in told.outbox if alert.rule == rule]
    counters = told.counters[rule]
    assert counters.hits == sum(alert.count for alert in alerts) == MANY
    assert counters.alerts == len(alerts)
    assert counters.suppressed == MANY - sum(not alert.summary for alert in alerts)


def test_a_storm_is_few_alerts(told):
    numbers = {rule: sum(alert.rule == rule for alert in told.outbox) for rule in ("once", "muted")}
    assert numbers == {"once": 2, "muted": 100 + 1 + 10_000}
    assert {alert.count for alert in told.outbox if alert.rule == "muted"} == {1, 89_900}


def test_all_ids_differ(told):
    assert len({alert.id for alert in told.outbox}) == len(told.outbox)
