import pickle

from hypothesis import given, settings
from hypothesis import strategies as st
from random_rules import as_yaml, events, events_of_few, rules, threshold_rules
from rule_loading import book_of
from rule_rig import alerts
from slow_engine import SlowEngine

from collector.rules.engine import Engine

LATER = 2000


def shown(alert):
    return (alert.title, dict(alert.key), alert.count, alert.event_time, alert.fired_at)


def check_against_a_slow_one(specs, told):
    slow, engine = SlowEngine(specs), Engine(book_of(as_yaml(specs)))
    for event in told:
        engine.feed(event)
        slow.feed(event)
    engine.advance(LATER)
    slow.advance(LATER)
    said = [shown(alert) for alert in alerts(engine)]
    assert sorted(said, key=repr) == sorted(slow.outbox, key=repr)
    assert [at for *_, at in said] == sorted(at for *_, at in said)


@settings(max_examples=600)
@given(threshold_rules(), events_of_few())
def test_a_threshold_says_what_one_says_that_keeps_everything(specs, told):
    check_against_a_slow_one(specs, told)


@settings(max_examples=200)
@given(rules(), events())
def test_rules_together_say_what_those_say_that_keep_everything(specs, told):
    check_against_a_slow_one(specs, told)


@settings(max_examples=200)
@given(rules(), events(), st.integers(1, 12), st.data())
def test_live_is_replay_is_in_one_go(specs, told, keys, data):
    """Cut into pieces, with time told in between, and dumped and loaded anywhere; also when there is little room."""
    whole, engine = Engine(book_of(as_yaml(specs)), keys=keys), Engine(book_of(as_yaml(specs)), keys=keys)
    said = []
    for event, following in zip(told, [*told[1:], None], strict=False):
        whole.feed(event)
        engine.feed(event)
        for step in data.draw(st.lists(st.sampled_from(["advance", "dump", "take"]), max_size=2)):
            if step == "advance":
                engine.advance(data.draw(st.floats(event.arrival, following.arrival if following else LATER)))
            elif step == "take":
                said += alerts(engine)
            else:
                said += alerts(engine)
                engine = Engine.load(engine.book, pickle.loads(pickle.dumps(engine.dump())), keys=keys)
    whole.advance(LATER)
    engine.advance(LATER)
    assert [alert.as_json() for alert in [*said, *alerts(engine)]] == [alert.as_json() for alert in alerts(whole)]
    assert engine.report() == whole.report()
    assert engine.room.used == whole.room.used


@given(rules(), events(), st.integers(0, 60))
def test_a_dump_is_a_moment_and_not_touched_by_what_comes_after(specs, told, place):
    engine = Engine(book_of(as_yaml(specs)))
    for event in told[:place]:
        engine.feed(event)
    dumped = engine.dump()
    then = pickle.dumps(dumped)
    copy = Engine.load(engine.book, dumped)
    for event in told[place:]:
        engine.feed(event)
        copy.feed(event)
    copy.advance(LATER)
    assert pickle.dumps(dumped) == then


@given(rules(), events())
def test_every_event_of_a_match_is_in_an_alert_or_a_summary(specs, told):
    others = ("within", "window", "count", "clear", "set", "then")
    specs = [{**{name: value for name, value in spec.items() if name not in others}, "kind": "match"} for spec in specs]
    engine = Engine(book_of(as_yaml(specs)))
    for event in told:
        engine.feed(event)
    engine.advance(LATER)
    said = alerts(engine)
    for spec in specs:
        hits = sum(
            1 for event in told if event.fields["app_name"] in spec["on"]["app_name"] and event.fields["hostname"]
        )
        assert sum(alert.count for alert in said if alert.rule == spec["id"]) == hits


@given(rules(), events())
def test_ids_are_all_different_and_the_same_in_every_run(specs, told):
    ids = []
    for _ in range(2):
        engine = Engine(book_of(as_yaml(specs)))
        for event in told:
            engine.feed(event)
        engine.advance(LATER)
        ids.append([alert.id for alert in alerts(engine)])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
