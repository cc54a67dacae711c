import pytest
from rule_loading import book_of
from rule_rig import Said, alerts, run

from collector.rules.engine import Engine

RULE = """
    rules:
      - id: r
        kind: threshold
        on: {{text: x}}
        by: Host
        within: 10s
        count: {count}
        {more}
        alert: {{title: "{{{{ Host }}}}: {{{{ count }}}}"}}
"""


def rule(count="3", more=""):
    return RULE.format(count=count, more=more)


def xs(*times, **fields):
    return [Said(f"x {time}", time, Host="gate", **fields) for time in times]


def told(text, events, until=None):
    return [(alert.title, alert.event_time) for alert in run(text, events, until)]


def test_it_alerts_once_when_there_are_enough():
    assert told(rule(), xs(0, 1, 2, 3, 4, 5)) == [("gate: 3", 2)]


def test_it_alerts_again_when_there_were_fewer_in_between():
    assert told(rule(), xs(0, 1, 2, 30, 31, 32)) == [("gate: 3", 2), ("gate: 3", 32)]


def test_a_window_slides():
    assert told(rule(), xs(0, 8, 16, 17)) == [("gate: 3", 17)]


def test_an_event_has_left_when_the_window_is_as_long_as_its_age():
    assert told(rule(), xs(0, 5, 10)) == []
    assert told(rule(), xs(0, 5, 9.999)) == [("gate: 3", 9.999)]


def test_a_steady_stream_is_one_alert():
    assert told(rule(), xs(*range(0, 100, 5))) == []
    assert told(rule("2"), xs(*range(0, 100, 5))) == [("gate: 2", 5)]


def test_keys_are_counted_apart():
    events = [Said("x", number, Host="ab"[number % 2]) for number in range(6)]
    assert told(rule(), events) == [("a: 3", 4), ("b: 3", 5)]


def test_more_than_is_at_least_one_more():
    assert told(rule("{gt: 3}"), xs(0, 1, 2, 3, 4)) == [("gate: 4", 3)]


def test_an_event_that_is_late_is_counted_and_judged_at_the_newest_time():
    events = [Said("x", time, 100 + arrival, Host="gate") for arrival, time in enumerate([50, 30, 59])]
    engine = Engine(book_of(rule()))
    for event in events:
        engine.feed(event)
    assert [alert.event_time for alert in alerts(engine)] == [59]
    assert engine.report()["r"]["late"] == 1


def test_events_that_came_further_apart_than_the_window_do_not_meet():
    events = [Said("x", 0, arrival, Host="gate") for arrival in (0, 9, 18)]
    assert told(rule(), events) == []


def test_a_clock_that_stands_still_holds_no_window_open():
    events = [Said("x", 0, arrival, Host="gate") for arrival in (0, 5, 6, 10.5)]
    assert [alert.fired_at for alert in run(rule(), events)] == [6, 10.5]


def test_a_clock_that_was_set_back_is_believed_when_the_window_is_over():
    events = [*xs(100), *[Said("x", time, 150 + time, Host="gate") for time in (50, 51, 52)]]
    engine = Engine(book_of(rule()))
    for event in events:
        engine.feed(event)
    assert [alert.event_time for alert in alerts(engine)] == [52]
    assert engine.report()["r"]["late"] == 0


def test_an_alert_shows_the_events_of_its_key_and_window():
    other = [Said("x other", time, Host="mail") for time in (0.5, 15.5)]
    events = sorted([*xs(0, 14, 15, 16), *other], key=lambda event: event.time)
    (alert,) = run(rule(), events)
    assert alert.body == "x 14\nx 15\nx 16"
    assert [record["message"] for record in alert.records] == ["x 14", "x 15", "x 16"]


def test_it_shows_no_more_than_ten():
    (alert,) = run(rule("20"), xs(*[number / 10 for number in range(20)]))
    assert (alert.count, len(alert.records), alert.records[-1]["message"]) == (20, 10, "x 1.9")


DISTINCT = "{distinct: User, gte: 3}"


def test_it_counts_different_values():
    events = [Said("x", time, Host="gate", User=user) for time, user in enumerate("aababbc")]
    assert told(rule(DISTINCT), events) == [("gate: 3", 6)]


def test_a_value_counts_from_when_it_was_last_seen():
    events = [Said("x", time, Host="gate", User=user) for time, user in [(0, "a"), (8, "b"), (9, "a"), (15, "c")]]
    assert told(rule(DISTINCT), events) == [("gate: 3", 15)]
    assert told(rule(DISTINCT), [event for event in events if event.time != 9]) == []


def test_values_that_come_in_turn_are_one_alert():
    events = [Said("x", 5 * number, Host="gate", User="ab"[number % 2]) for number in range(20)]
    assert told(rule("{distinct: User, gte: 2}"), events) == [("gate: 2", 5)]


def test_there_were_fewer_values_when_one_has_left_that_was_not_seen_again():
    events = [Said("x", time, Host="gate", User=user) for time, user in zip((0, 1, 5, 6, 12), "abacd", strict=True)]
    assert told(rule(DISTINCT), events) == [("gate: 3", 6), ("gate: 3", 12)]


def test_an_event_without_the_value_is_not_counted_but_told():
    engine = Engine(book_of(rule(DISTINCT)))
    engine.feed(Said("x", 0, Host="gate"))
    assert engine.report()["r"]["keyless"] == 1
    assert engine.room.used == 0


ANCHORED = "window: anchored"


def test_an_anchored_window_begins_with_an_event_and_alerts_once():
    assert told(rule(more=ANCHORED), xs(0, 1, 2, 3, 9)) == [("gate: 3", 2)]


def test_the_next_event_after_its_end_begins_another():
    assert told(rule(more=ANCHORED), xs(0, 1, 2, 10, 11, 12)) == [("gate: 3", 2), ("gate: 3", 12)]
    assert told(rule(more=ANCHORED), xs(0, 8, 16, 17)) == []


@pytest.mark.parametrize(
    ("count", "times", "expected"),
    [
        ("{lte: 2}", (0, 1), [("gate: 2", 10)]),
        ("{lte: 2}", (0, 1, 2), []),
        ("{lt: 2}", (0,), [("gate: 1", 10)]),
        ("{lt: 2}", (0, 1), []),
        ("{eq: 2}", (0, 1), [("gate: 2", 10)]),
        ("{eq: 2}", (0,), []),
        ("{eq: 2}", (0, 1, 2), []),
    ],
)
def test_few_is_known_at_the_end(count, times, expected):
    assert told(rule(count, ANCHORED), xs(*times), until=9.9) == []
    assert told(rule(count, ANCHORED), xs(*times), until=10) == expected


def test_a_later_event_of_the_key_ends_a_window_before_its_arrival_would():
    events = [Said("x", time, 100, Host="gate") for time in (50, 60)]
    (alert,) = run(rule("{lte: 2}", ANCHORED), events)
    assert (alert.event_time, alert.fired_at, alert.count) == (60, 100, 1)


def test_an_alert_at_an_end_knows_what_the_first_event_said():
    text = rule("{lt: 3}", ANCHORED).replace("text: x", r"re: 'x (?P<what>\S+)'")
    text = text.replace("{{ count }}", "{{ what }} {{ User }} {{ rule }} {{ count }}")
    (alert,) = run(text, xs(1, 2, User="bob"), until=50)
    assert alert.title == "gate: 1 bob r 2"
    assert dict(alert.captures) == {"what": "1"}
    assert dict(alert.key) == {"Host": "gate"}


CLEAR = "clear: {within: 20s, at_most: 0}"


def test_it_tells_when_all_is_quiet_again():
    alert, clear = run(rule(more=CLEAR), xs(0, 1, 2, 5), until=100)
    assert (clear.title, clear.severity, clear.count) == ("r clear", "info", 0)
    assert (clear.event_time, clear.fired_at) == (25, 25)
    assert dict(clear.key) == {"Host": "gate"}
    assert clear.id != alert.id


def test_until_it_is_quiet_there_is_no_other_alert_and_then_it_begins_anew():
    events = xs(0, 1, 2, 15, 16, 17, 18, 60, 61)
    assert told(rule(more=CLEAR), events, until=1000) == [("gate: 3", 2), ("r clear", 38)]
    assert told(rule(more=CLEAR), [*events, *xs(62)], until=62) == [("gate: 3", 2), ("r clear", 38), ("gate: 3", 62)]


def test_quiet_may_be_a_few_events():
    text = rule(more="clear: {within: 20s, at_most: 2}")
    assert told(text, xs(0, 1, 2, 10, 12), until=21) == [("gate: 3", 2)]
    assert told(text, xs(0, 1, 2, 10, 12), until=22) == [("gate: 3", 2), ("r clear", 22)]
    assert told(text, xs(0, 1, 2, 10, 12, 14), until=100) == [("gate: 3", 2), ("r clear", 30)]


def test_an_event_that_comes_after_quiet_shows_that_it_was():
    events = [*xs(0, 1, 2), Said("x", 50, 2, Host="gate")]
    events[-1].arrival = 50
    assert told(rule(more=CLEAR), events) == [("gate: 3", 2), ("r clear", 22)]


def test_keys_that_are_quiet_at_the_same_time_are_told_in_the_order_of_their_alerts():
    events = [Said("x", 0, Host=host) for host in "cab" for _ in range(3)]
    clears = run(rule(more=CLEAR), events, until=100)[3:]
    assert [alert.key["Host"] for alert in clears] == ["c", "a", "b"]


def test_a_key_waits_with_one_timer_however_often_it_is_quiet():
    engine = Engine(book_of(rule(more=CLEAR)))
    for start in range(0, 3000, 30):
        for event in xs(start, start + 1, start + 2):
            event.arrival = start / 100
            engine.feed(event)
    assert len([alert for alert in alerts(engine) if alert.title == "r clear"]) == 99
    assert len(engine.timers._heap) <= 2


def test_an_alert_that_was_held_back_is_not_cleared():
    text = rule(more=f"{CLEAR}\n        limit: {{first: 1, per: 1h}}")
    events = [*xs(0, 1, 2), *xs(100, 101, 102)]
    assert [title for title, _ in told(text, events, until=3599)] == ["gate: 3", "r clear"]


def test_what_is_said_of_quiet_is_the_rules_own():
    text = rule(more='clear: {within: 20s, alert: {title: "{{ Host }} fine", severity: low}}')
    clear = run(text, xs(0, 1, 2), until=100)[-1]
    assert (clear.title, clear.severity) == ("gate fine", "low")
