from rule_loading import book_of
from rule_rig import Said, alerts, run

from collector.rules.engine import Engine

LIMIT = """
    rules:
      - id: r
        kind: match
        on: {{text: x}}
        limit: {limit}
        alert: {{title: "{{{{ Host }}}} {{{{ line }}}}", severity: high}}
        do: ops
"""


def xs(*times, host="gate", line="x"):
    return [Said(line, time, Host=host) for time in times]


def told(limit, events, until=None):
    return [(alert.title, alert.count, alert.fired_at) for alert in run(LIMIT.format(limit=limit), events, until)]


def test_the_first_go_out_and_the_rest_is_told_at_the_end():
    assert told("{first: 2, per: 10s}", xs(0, 1, 2, 3, 4), until=10) == [
        ("gate x", 1, 0), ("gate x", 1, 1), ("gate x … and 3 more", 3, 10),
    ]  # fmt: skip


def test_a_window_begins_with_an_alert_and_not_with_the_clock():
    assert told("{first: 1, per: 10s}", xs(7, 16), until=16.9) == [("gate x", 1, 7)]
    assert [at for _, _, at in told("{first: 1, per: 10s}", xs(7, 16, 17, 27))] == [7, 17, 17, 27]


def test_nothing_held_back_is_nothing_told():
    assert told("{first: 1, per: 10s}", xs(0), until=100) == [("gate x", 1, 0)]


def test_one_of_so_many_goes_out_and_stands_for_all():
    assert told("{every: 3, per: 100s}", xs(*range(8)), until=100) == [
        ("gate x", 3, 2), ("gate x", 3, 5), ("gate x … and 2 more", 2, 100),
    ]  # fmt: skip


def test_once_is_once():
    engine = Engine(book_of(LIMIT.format(limit="{once: true}")))
    for event in xs(0, 1, 1_000_000):
        engine.feed(event)
    assert len(alerts(engine)) == 1
    assert engine.report()["r"]["suppressed"] == 2


def test_limits_are_kept_for_each_key():
    events = [*xs(0, host="a"), *xs(1, host="b"), *xs(2, host="a")]
    assert [title for title, *_ in told("{by: Host, first: 1, per: 1h}", events)] == ["a x", "b x"]


def test_one_limit_can_hold_for_all_keys_of_a_rule_together():
    text = LIMIT.replace("alert:", "by: Host\n        alert:").format(limit="{by: [], first: 2, per: 10s}")
    *told, last = run(text, [*xs(0, host="a"), *xs(1, host="b"), *xs(2, host="c"), *xs(3, host="a")], until=10)
    assert [(alert.title, alert.key) for alert in told] == [("a x", {"Host": "a"}), ("b x", {"Host": "b"})]
    assert (last.title, last.count, last.key) == ("c x … and 2 more", 2, {})


def test_a_silence_can_hold_for_all_keys_of_a_rule_together():
    text = """
    rules:
      - {id: begin, kind: match, on: {text: begin}}
      - {id: end, kind: match, on: {text: end}}
      - id: r
        kind: match
        on: {text: x}
        by: Host
        mute: {from: begin, until: end, by: []}
        alert: {title: "{{ Host }}"}
    """
    events = [Said("begin", 0, Host="backup"), *xs(1, host="a"), *xs(2, host="b"), Said("end", 3), *xs(4, host="a")]
    assert [(alert.title, alert.key) for alert in run(text, events)] == [("a … and 2 more", {}), ("a", {"Host": "a"})]


def test_the_key_of_an_alert_names_that_of_its_limit():
    alert, summary = run(LIMIT.format(limit="{by: [Host, User], first: 1, per: 10s}"), xs(0, 1), until=10)
    assert dict(alert.key) == dict(summary.key) == {"Host": "gate", "User": ""}


def test_a_summary_is_an_alert_of_its_rule():
    summary = run(LIMIT.format(limit="{first: 1, per: 10s}"), xs(0, 1, 2), until=10)[-1]
    assert (summary.rule, summary.severity, summary.destinations, summary.summary) == ("r", "high", ("ops",), True)
    assert summary.event_time == 2
    assert summary.body == "gate x … and 2 more, the last at 1970-01-01 00:00:02+00:00"


def test_without_a_summary_what_was_held_back_is_counted():
    engine = Engine(book_of(LIMIT.format(limit="{first: 1, per: 10s, summary: false}")))
    for event in xs(0, 1, 2, 10):
        engine.feed(event)
    assert [alert.summary for alert in alerts(engine)] == [False, False]
    assert engine.report()["r"]["suppressed"] == 2


def test_a_storm_of_one_shape_is_one_alert_with_an_exact_count():
    """Every second the same, but for a port and a process; after a quarter of an hour, how many there were."""
    lines = [f"x 861 port {1024 + number} process {number * 7 % 900}" for number in range(413)]
    events = [Said(line, 2 * number, Host="gate", shape="x # port # process #") for number, line in enumerate(lines)]
    first, summary = run(LIMIT.format(limit="{by: [Host, shape], first: 1, per: 15m}"), events, until=900)
    assert (first.title, summary.title) == (f"gate {lines[0]}", f"gate {lines[1]} … and 412 more")


MUTE = """
    rules:
      - {id: begin, kind: match, on: {text: begin}, alert: {}}
      - {id: end, kind: match, on: {text: end}, alert: {}}
      - id: r
        kind: match
        on: {text: x}
        mute: {from: begin, until: end, by: Host, at_most: 100s}
        alert: {title: "{{ Host }}"}
"""


def said(events, until=None):
    return [
        (alert.title, alert.count, alert.fired_at) for alert in run(MUTE, events, until) if alert.rule == "r"
    ]  # fmt: skip


def test_between_two_events_a_rule_is_silent_for_their_key_and_then_tells_how_many():
    events = [*xs(0, line="begin"), *xs(1, 2), *xs(3, host="mail"), *xs(4, line="end"), *xs(5)]
    assert said(events) == [("mail", 1, 3), ("gate … and 2 more", 2, 4), ("gate", 1, 5)]


def test_the_events_that_begin_and_end_a_silence_are_judged_as_before_them():
    assert said([*xs(0, line="begin x"), *xs(1), *xs(2, line="end x")]) == [("gate", 1, 0), ("gate … and 2 more", 2, 2)]


def test_a_silence_ends_by_itself():
    assert said([*xs(0, line="begin"), *xs(1)], until=99) == []
    assert said([*xs(0, line="begin"), *xs(1)], until=100) == [("gate … and 1 more", 1, 100)]
    assert said([*xs(0, line="begin"), *xs(100)]) == [("gate", 1, 100)]


def test_a_silence_that_begins_again_lasts_as_long_as_a_new_one():
    events = [*xs(0, line="begin"), *xs(1), *xs(60, line="begin"), *xs(159)]
    assert said(events, until=160) == [("gate … and 2 more", 2, 160)]


def test_a_muted_alert_uses_up_no_limit():
    text = MUTE.replace("alert: {title", "limit: {by: Host, first: 1, per: 1h}\n        alert: {title")
    events = [*xs(0, line="begin"), *xs(1, 2), *xs(3, line="end"), *xs(4)]
    assert [alert.title for alert in run(text, events) if alert.rule == "r"] == ["gate … and 2 more", "gate"]


PLAIN = """
    rules: [{id: r, kind: match, on: {text: x}, by: Host, alert: {title: "{{ Host }}"}}]
"""


def test_somebody_may_mute_a_rule_and_is_told_how_many_that_held_back():
    engine = Engine(book_of(PLAIN))
    assert engine.mute("r", None, 50)
    for event in xs(1, 2, 49):
        engine.feed(event)
    assert alerts(engine) == []
    assert engine.mutes() == [{"rule": "r", "key": None, "until": 50, "held": 3}]
    engine.advance(50)
    assert [(alert.title, alert.count, alert.fired_at) for alert in alerts(engine)] == [("gate … and 3 more", 3, 50)]
    assert engine.mutes() == []


def test_or_only_some_of_its_keys():
    engine = Engine(book_of(PLAIN))
    engine.mute("r", {"Host": "gate"}, 50)
    for event in [*xs(1), *xs(2, host="mail")]:
        engine.feed(event)
    assert [alert.title for alert in alerts(engine)] == ["mail"]


def test_a_mute_can_be_made_longer_and_ended():
    engine = Engine(book_of(PLAIN))
    engine.feed(Said("y", 1))
    for until in (50, 100):
        engine.mute("r", None, until)
    engine.feed(*xs(60))
    assert (alerts(engine), len(engine.mutes())) == ([], 1)
    engine.mute("r", None, 60)
    assert [alert.title for alert in alerts(engine)] == ["gate … and 1 more"]
    assert engine.mutes() == []


def test_a_mute_survives_a_change_of_its_rule():
    engine = Engine(book_of(PLAIN))
    engine.mute("r", {"Host": "gate"}, 50)
    engine.feed(*xs(1))
    engine = Engine.load(book_of(PLAIN.replace("text: x", "text: y")), engine.dump())
    engine.feed(*xs(2, line="y"))
    assert engine.mutes() == [{"rule": "r", "key": {"Host": "gate"}, "until": 50, "held": 2}]
    engine.advance(50)
    assert [alert.title for alert in alerts(engine)] == ["gate … and 2 more"]


def test_there_is_nothing_to_mute_in_a_rule_that_is_not_there():
    assert not Engine(book_of(PLAIN)).mute("other", None, 50)


def test_a_mute_that_somebody_ends_is_told_at_that_time():
    engine = Engine(book_of(LIMIT.format(limit="{first: 100, per: 1h}")))
    engine.mute("r", {"Host": "gate"}, 5000.0)
    for event in xs(1000, 1001):
        engine.feed(event)
    engine.mute("r", {"Host": "gate"}, 0.0)
    assert [(alert.title, alert.fired_at) for alert in alerts(engine)] == [("gate x … and 2 more", 1001)]


def test_a_mute_takes_keys_as_alerts_show_them():
    engine = Engine(book_of(LIMIT.format(limit="{first: 100, per: 1h}").replace("match", "match\n        by: Host")))
    long = "h" * 1000
    engine.feed(Said("x", 1, Host=long))
    (alert,) = alerts(engine)
    engine.mute("r", alert.key, 5000.0)
    engine.feed(Said("x", 2, Host=long))
    assert alerts(engine) == []
