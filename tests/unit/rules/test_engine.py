import pickle

import pytest
from rule_loading import book_of
from rule_rig import Said, alerts, run

from collector.rules.engine import Engine
from collector.rules.guard import RuleTimeout

MATCH = """
    rules:
      - {id: any, kind: match, on: {text: x}, alert: {title: "{{ hostname }} said {{ line }}"}}
"""
SET = """
    sets: [{name: s, ordered: true}]
    rules:
      - {id: first, kind: match, set: s, on: {text: a}, alert: {}%s}
      - {id: beside, kind: match, on: {text: a}, alert: {}}
      - {id: second, kind: match, set: s, on: {text: b}, alert: {}}
      - {id: third, kind: match, set: s, on: {text: c}, alert: {}}
"""


def rules_of(said):
    return [alert.rule for alert in said]


def test_an_alert_tells_its_event():
    (alert,) = run(MATCH, [Said("x!", 5, 7, hostname="gate")])
    assert (alert.title, alert.body, alert.count) == ("gate said x!", "x!", 1)
    assert (alert.event_time, alert.fired_at) == (5, 7)
    assert alert.records == [{"message": "x!", "time": 5.0, "hostname": "gate"}]
    assert not alert.summary


def test_only_candidates_are_tried():
    engine = Engine(book_of(SET % ""))
    engine.feed(Said("a b c"), [1, 2])
    assert rules_of(alerts(engine)) == ["beside", "second"]


def test_without_candidates_all_rules_are_tried():
    engine = Engine(book_of(MATCH))
    engine.feed(Said("x"))
    assert len(alerts(engine)) == 1


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("", ["first", "beside"]),
        (", then: next", ["first", "beside", "second"]),
        (", then: {goto: third}", ["first", "beside", "third"]),
    ],
)
def test_a_hit_in_an_ordered_set_says_what_is_tried_next_in_it(then, expected):
    assert rules_of(run(SET % then, [Said("a b c")])) == expected


def test_a_rule_without_an_alert_ends_its_set_all_the_same():
    text = (SET % "").replace("on: {text: a}, alert: {}", "on: {text: a}", 1)
    assert rules_of(run(text, [Said("a b")])) == ["beside"]


def test_an_event_without_a_field_of_the_key_ends_the_set_all_the_same():
    assert rules_of(run(SET % ", by: Host", [Said("a b")])) == ["beside"]


def test_a_rule_that_is_not_at_work_ends_no_set():
    text = SET % ', time: {hours: "08:00-09:00"}'
    assert rules_of(run(text, [Said("a b", 0)])) == ["beside", "second"]


def test_an_event_without_a_field_of_the_key_is_counted_and_for_nobody():
    engine = Engine(book_of(MATCH.replace("alert:", "by: Host, alert:")))
    engine.feed(Said("x"))
    engine.feed(Said("x", Host="gate"))
    assert [dict(alert.key) for alert in alerts(engine)] == [{"Host": "gate"}]
    assert engine.report()["any"]["keyless"] == 1


def test_long_values_make_keys_of_bounded_size_that_differ_where_they_do():
    text = MATCH.replace("alert:", "by: Host, alert:")
    keys = [alert.key["Host"] for alert in run(text, [Said("x", Host="h" * 1000 + end) for end in "aab"])]
    assert max(map(len, keys)) == 256
    assert keys[0] == keys[1] != keys[2]


def test_a_text_that_cannot_be_filled_is_counted_and_told_plainly():
    text = MATCH.replace("said {{ line }}", "{{ fields.User.name }}").replace("alert:", "by: Host, alert:")
    engine = Engine(book_of(text))
    engine.feed(Said("x", fields={}, Host="gate"))
    (alert,) = alerts(engine)
    assert (alert.title, alert.body) == ("any gate", "x")
    assert engine.report()["any"]["errors"] == 1


class Broken(Said):
    def __init__(self, error, time=0.0):
        super().__init__("x", time)
        self.error = error

    @property
    def line(self):
        raise self.error

    @line.setter
    def line(self, text):
        pass


def test_a_rule_that_fails_harms_no_other():
    text = """
        rules:
          - {id: sick, kind: match, on: {text: x}, alert: {}}
          - {id: well, kind: match, on: {app_name: cron}, alert: {title: well}}
    """
    engine = Engine(book_of(text))
    event = Broken(ZeroDivisionError())
    event.fields["app_name"] = "cron"
    engine.feed(event)
    assert engine.report()["sick"]["errors"] == 1
    assert engine.report()["well"]["hits"] == 1


def test_a_rule_that_takes_too_long_three_times_is_not_tried_any_more():
    engine = Engine(book_of(MATCH))
    for _ in range(4):
        engine.feed(Broken(RuleTimeout()))
    counters = engine.report()["any"]
    assert (counters["timeouts"], counters["quarantined"], counters["hits"]) == (3, 1, 0)


def test_a_rule_that_was_quarantined_is_tried_again_after_it_was_changed():
    engine = Engine(book_of(MATCH))
    for _ in range(4):
        engine.feed(Broken(RuleTimeout()))
    same = Engine.load(book_of(MATCH), engine.dump())
    mended = Engine.load(book_of(MATCH.replace("on: {", "on: {severity: err, ")), engine.dump())
    assert [one.report()["any"]["quarantined"] for one in (same, mended)] == [1, 0]
    assert Engine.load(engine.book, engine.dump()).report() == engine.report()


def test_what_is_matched_is_told_while_it_is():
    engine, seen = Engine(book_of(SET % "")), []

    class Watching(Said):
        def value(self, _name):
            return None

        @property
        def line(self):
            seen.append(engine.at)
            return "a"

        @line.setter
        def line(self, text):
            pass

    engine.feed(Watching(), [1, 2])
    engine.feed(Watching(), [1])
    assert [at for at in dict.fromkeys(seen) if at] == [(1, 1), (2, 1), (1, 2)]
    assert engine.at is None


def test_the_cost_of_a_rule_is_measured_where_there_is_a_stopwatch():
    ticks = iter(range(100))
    engine = Engine(book_of(MATCH), stopwatch=lambda: next(ticks))
    engine.feed(Said("x"))
    engine.feed(Said("y"))
    assert engine.report()["any"]["seconds"] == 2


def test_the_same_alert_twice_has_two_ids():
    first, second = run(MATCH, [Said("x", 1), Said("x", 1)])
    assert first.id != second.id


def test_ids_do_not_depend_on_other_rules_or_earlier_events():
    (alone,) = run(MATCH, [Said("x", 5)])
    among = run(MATCH + "      - {id: other, kind: match, on: {text: x}, alert: {}}", [Said("x", 1), Said("x", 5)])
    assert alone.id in {alert.id for alert in among}


TIMERS = """
    rules:
      - {id: slow, kind: threshold, on: {text: x}, within: 20s, window: anchored, count: {lte: 3}, alert: {}}
      - {id: quick, kind: threshold, on: {text: x}, within: 10s, window: anchored, count: {lte: 3}, alert: {}}
      - {id: also, kind: threshold, on: {text: x}, within: 20s, window: anchored, count: {lte: 3}, alert: {}}
"""


def test_timers_fire_in_the_order_in_which_they_fall_due_each_at_its_own_time():
    engine = Engine(book_of(TIMERS))
    engine.feed(Said("x", 100))
    engine.feed(Said("y", 500))
    assert [(alert.rule, alert.fired_at) for alert in alerts(engine)] == [
        ("quick", 110), ("slow", 120), ("also", 120),
    ]  # fmt: skip


def test_time_goes_on_without_events():
    engine = Engine(book_of(TIMERS))
    engine.feed(Said("x", 100))
    engine.advance(115)
    assert rules_of(alerts(engine)) == ["quick"]
    engine.advance(90)
    engine.advance(120)
    assert rules_of(alerts(engine)) == ["slow", "also"]


def test_a_host_whose_clock_is_behind_is_judged_by_its_own_time():
    text = """
        rules:
          - id: many
            kind: threshold
            on: {text: x}
            by: hostname
            within: 60s
            count: 3
            alert: {title: "{{ hostname }}"}
    """
    backlog = [Said("x", number * 600, 10_000, hostname="cut-off") for number in range(10)]
    now = [Said("x", 10_000 + number, 10_000 + number, hostname="here") for number in range(3)]
    mixed = [event for pair in zip(backlog, [*now, *[Said("y", 10_003)] * 7], strict=True) for event in pair]
    mixed.sort(key=lambda event: event.arrival)
    assert [alert.title for alert in run(text, mixed)] == ["here"]


def test_state_of_rules_that_stay_is_kept_and_of_others_not():
    text = """
        rules:
          - {id: stays, kind: threshold, on: {text: x}, within: 60s, count: 3, alert: {title: %s}}
          - {id: changes, kind: threshold, on: {text: x}, within: %s, count: 3, alert: {}}
    """
    engine = Engine(book_of(text % ("old", "60s")))
    for time in (1, 2):
        engine.feed(Said("x", time))
    newer = "    rules:\n      - {id: new, kind: match, on: {text: none}, alert: {}}\n"
    book = book_of(newer + (text % ("new", "50s")).replace("\n        rules:", "").replace("          -", "      -"))
    engine = Engine.load(book, pickle.loads(pickle.dumps(engine.dump())))
    engine.feed(Said("x", 3))
    assert [(alert.rule, alert.title, alert.count) for alert in alerts(engine)] == [("stays", "new", 3)]
    assert engine.report()["changes"]["hits"] == 3


def test_what_a_rule_has_held_back_is_told_when_it_goes_or_changes():
    text = """
        rules:
          - {id: goes, kind: match, on: {text: x}, limit: {first: 1, per: 1h}, alert: {title: a}, do: ops}
          - {id: changes, kind: match, on: {text: x}, limit: {first: 1, per: 1h}, alert: {title: b, severity: high}}
    """
    engine = Engine(book_of(text))
    for time in (1, 2, 3):
        engine.feed(Said("x", time))
    engine.mute("goes", None, 100)
    engine.feed(Said("x", 4))
    alerts(engine)
    before = engine.report()["changes"]["alerts"]
    lines = text.replace("per: 1h", "per: 2h").splitlines(keepends=True)
    engine = Engine.load(book_of("".join([*lines[:2], *lines[3:]])), engine.dump())
    assert [(alert.title, alert.severity, alert.destinations, alert.count) for alert in alerts(engine)] == [
        ("a … and 2 more", "medium", ("ops",), 2),
        ("a … and 1 more", "medium", ("ops",), 1),
        ("b … and 3 more", "high", (), 3),
    ]
    assert engine.report()["changes"]["alerts"] == before + 1


def test_a_dump_of_another_version_is_not_taken_over():
    engine = Engine(book_of(MATCH))
    engine.feed(Said("x", 5))
    with pytest.raises(ValueError, match="version 0"):
        Engine.load(engine.book, engine.dump() | {"version": 0})


AT_END = """
  - {id: quiet, kind: threshold, on: {app_name: a}, by: Host, within: 10s, window: anchored, count: {lte: 3},
     alert: {title: "%s"}}
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{{ proc_id }}", "{{ msg_id }}", ""),
        ("{{ proc_id }}", "{{ proc_id }} {{ msg_id }}", "77 "),
        ("plain", "of {{ proc_id }}", "of "),
        ("{{ proc_id }}", "plain", "plain"),
    ],
)
def test_a_text_that_changes_while_a_window_is_open_says_what_was_kept(before, after, told):
    engine = Engine(book_of("rules:" + AT_END % before))
    for host in "ab":
        engine.feed(Said("l", 1000, app_name="a", Host=host, proc_id="77", msg_id="ID1"))
    engine = Engine.load(book_of("rules:" + AT_END % after), engine.dump())
    engine.advance(2000)
    assert [alert.title for alert in alerts(engine)] == [told, told]
    assert engine.report()["quiet"]["errors"] == 0


LIMITED = """
rules:
  - {id: limited, kind: match, on: {text: a}, by: Host, limit: {first: 1, per: 15m}, alert: {title: "{{ Host }}"}}
  - {id: counted, kind: threshold, on: {text: b}, by: Host, within: 1m, count: 3, alert: {title: "{{ Host }}"}}
"""
YEAR = 365 * 86_400.0


def test_an_engine_that_begins_anew_goes_by_the_new_clock_and_tells_what_was_held_back():
    engine = Engine(book_of(LIMITED))
    for _ in range(3):
        engine.feed(Said("a b", YEAR, Host="gate"))
    engine.mute("counted", {"Host": "web"}, YEAR + 5000)
    first = [alert.title for alert in alerts(engine)]
    engine = engine.begun_anew(1000.0)
    assert (first, [alert.title for alert in alerts(engine)]) == (["gate", "gate"], ["gate … and 2 more"])
    assert engine.mutes()[0]["until"] == YEAR + 5000
    for hour in range(3):
        engine.feed(Said("a b", 1000.0 + 3600 * hour, Host="gate"))
    assert [(alert.rule, alert.count) for alert in alerts(engine)] == [("limited", 1)] * 3
    assert engine.report()["limited"]["hits"] == 6


def timed_out(engine, time):
    engine.feed(Broken(RuleTimeout(), time))
    return engine.report()["any"]["timeouts"]


def test_a_quarantine_ends_and_is_twice_as_long_the_next_time():
    engine = Engine(book_of(MATCH))
    assert [timed_out(engine, float(second)) for second in range(4)] == [1, 2, 3, 3]
    engine = Engine.load(book_of(MATCH), engine.dump())
    assert [timed_out(engine, second) for second in (601.0, 603.0, 1000.0, 1801.0, 1804.0)] == [3, 4, 4, 4, 5]
    assert engine.report()["any"]["quarantined"] == 1
