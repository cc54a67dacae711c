import pickle
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from rule_loading import Destinations, FakeEvent, book_of, read_rules

from collector.config.document import parse_document
from collector.config.problems import Location
from collector.rules.load import SetSpec, load_rules
from collector.rules.mute import MuteBetween
from collector.rules.rule import Count

SPRAY = r"""
rules:
  - id: ssh-spray
    kind: threshold
    on: {app_name: sshd, re: 'Failed password for (?:invalid user )?(?P<user>\S+) from (?P<ip>\S+)'}
    by: ip
    within: 10m
    count: {distinct: user, gte: 5}
    clear: {within: 1h, at_most: 0}
    alert: {title: "{{ ip }} tried {{ count }} users"}
    tests:
      - lines: ["<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7 port 22 ssh2"]
        alerts: []
"""


def rule_of(text, **more):
    (rule,) = book_of(text, **more).rules
    return rule


def small(rule_id, more=""):
    return f"- {{id: {rule_id}, kind: match, on: {{text: x}}, alert: {{title: t}}{', ' if more else ''}{more}}}\n"


def test_a_threshold_is_read_with_all_its_parts():
    rule = rule_of(SPRAY)

    assert (rule.number, rule.id, rule.kind, rule.set, rule.then) == (0, "ssh-spray", "threshold", "", "next")
    assert (rule.by, rule.within, rule.window, rule.count) == (("ip",), 600.0, "sliding", Count("gte", 5, "user"))
    assert (rule.clear.within, rule.clear.at_most, rule.clear.alert.severity) == (3600.0, 0, "info")
    assert rule.clear.alert.title.render({"rule": "ssh-spray"}) == "ssh-spray clear"
    assert (rule.alert.severity, rule.alert.body) == ("medium", None)
    assert rule.alert.title.render({"ip": "192.0.2.7", "count": 5}) == "192.0.2.7 tried 5 users"
    assert rule.condition.match(FakeEvent("Failed password for bob from ::1", app_name="sshd")) == {
        "user": "bob",
        "ip": "::1",
    }
    assert (rule.limit, rule.times, rule.mute, rule.destinations) == (None, None, None, ())
    assert rule.location == Location("rules.yaml", 3, 9)
    (sample,) = rule.tests
    assert (len(sample.lines), sample.alerts, sample.wait, sample.location.line) == (1, (), 0.0, 12)


def test_a_match_is_read_with_all_its_parts():
    rule = rule_of("""
        - id: loop
          kind: match
          on: {EventID: 861}
          by: [hostname, EventID]
          limit: {by: [hostname], first: 1, per: 15m, summary: true}
          time: {days: mon-fri, hours: "22:00-06:00", timezone: Asia/Tokyo}
          alert: {severity: high, title: "{{ hostname }}: loop", body: "{{ User }} did {{ count }}"}
          do: [ops, {mail: [ops@example.org]}, chat]
    """)

    assert (rule.limit.by, rule.limit.first, rule.limit.every, rule.limit.per, rule.limit.summary) == (
        ("hostname",), 1, None, 900.0, True,
    )  # fmt: skip
    assert (rule.times.days, rule.times.hours) == ({0, 1, 2, 3, 4}, ((22 * 60, 6 * 60),))
    assert rule.times.zone == ZoneInfo("Asia/Tokyo")
    assert (rule.by, rule.within, rule.count, rule.clear) == (("hostname", "EventID"), None, None, None)
    assert (rule.alert.severity, rule.alert.body.variables) == ("high", {"User", "count"})
    assert rule.destinations == ("ops", "mail #1", "chat")


def test_what_is_written_out_in_a_rule_is_read_with_the_names_it_may_use():
    document, _ = parse_document(
        "- {id: a, kind: match, on: {re: '(?P<ip>x)'}, do: {exec: [x, '{{ ip }}']}}\n", "r.yaml"
    )
    destinations = Destinations()
    book, problems = load_rules([document], (), destinations)

    assert (problems, book.rules[0].destinations) == ([], ("exec #1",))
    ((item, names),) = destinations.written_out
    assert item == {"exec": ["x", "{{ ip }}"]}
    assert {"ip", "hostname", "count", "EventID"} <= {
        name for name in ("ip", "hostname", "count", "EventID") if name in names
    }
    assert "nobody" not in names


def test_a_rule_with_do_alone_has_an_alert_with_its_id():
    rule = rule_of("- {id: a, kind: match, on: {text: x}, do: ops}\n")
    assert (rule.alert.severity, rule.alert.title.render({"rule": "a"})) == ("medium", "a")


def test_limit_and_mute_take_the_key_of_the_rule_unless_they_name_their_own():
    book = book_of(
        small("a"),
        small("b"),
        small("c", "by: hostname, limit: {once: true}, mute: {from: a, until: b}"),
        small("d", "by: hostname, limit: {by: app_name, every: 5, per: 1h, summary: false}, "
                   "mute: {from: a, until: b, by: [app_name], at_most: 2h}"),
    )  # fmt: skip
    c, d = book.rules[2:]
    assert (c.limit.by, c.limit.first, c.limit.per, c.limit.summary) == (("hostname",), 1, None, False)
    assert c.mute == MuteBetween("a", "b", ("hostname",), 86_400.0)
    assert (d.limit.by, d.limit.first, d.limit.every, d.limit.summary) == (("app_name",), None, 5, False)
    assert d.mute == MuteBetween("a", "b", ("app_name",), 7200.0)


def test_times_without_a_zone_are_meant_in_that_of_the_configuration():
    text = small("a", "time: {days: [sat, sun]}")
    assert rule_of(text).times.zone is UTC
    assert rule_of(text, zone=ZoneInfo("Asia/Tokyo")).times.zone == ZoneInfo("Asia/Tokyo")
    assert rule_of(text).times.hours == ((0, 1440),)


def test_rules_are_numbered_over_all_files_and_a_file_may_be_a_list():
    book = book_of("rules:\n" + small("b") + small("a"), small("c"))
    assert [(rule.number, rule.id, rule.location.file) for rule in book.rules] == [
        (0, "b", "rules.yaml"), (1, "a", "rules.yaml"), (2, "c", "rules2.yaml"),
    ]  # fmt: skip


def test_sets_are_tried_in_their_order_after_the_rules_in_none():
    place = Location("collector.yaml")
    book = book_of(
        "sets: [{name: late}, {name: empty}]\nrules:\n" + small("a", "set: late") + small("b", "set: early"),
        small("c") + small("d", "set: early, then: next") + small("e", "set: early, then: {goto: f}")
        + small("f", "set: early"),
        sets=[SetSpec("early", True, place)],
    )  # fmt: skip
    assert [(one.name, one.ordered, [rule.id for rule in one.rules]) for one in book.sets] == [
        ("", False, ["c"]), ("early", True, ["b", "d", "e", "f"]), ("late", False, ["a"]),
    ]  # fmt: skip
    assert [rule.then for rule in book.rules] == ["next", "stop", "next", "next", ("goto", "f"), "stop"]


@pytest.mark.parametrize(("count", "expected"), [
    ("5", Count("gte", 5)),
    ("{gt: 0}", Count("gt", 0)),
    ("{gte: 1}", Count("gte", 1)),
    ("{distinct: User, gt: 3}", Count("gt", 3, "User")),
    ("{lt: 2}", Count("lt", 2)),
    ("{lte: 1}", Count("lte", 1)),
    ("{eq: 1}", Count("eq", 1)),
])  # fmt: skip
def test_counts(count, expected):
    rule = rule_of(
        "- {id: a, kind: threshold, on: {text: x}, within: 5m, window: anchored, alert: {title: t}, count: "
        + count
        + "}\n"
    )
    assert (rule.count, rule.window) == (expected, "anchored")


def test_lines_of_a_test_may_be_a_block_and_time_may_pass_after_them():
    rule = rule_of("""
        - id: a
          kind: match
          on: {text: x}
          alert: {title: t}
          tests:
            - lines: |
                <13>Oct 11 22:14:15 gate x: one
                <13>Oct 11 22:14:16 gate x: two
              wait: 1h
              alerts: [{title: t, key: {ip: a}}, {severity: high}]
    """)
    (sample,) = rule.tests
    assert sample.lines == ("<13>Oct 11 22:14:15 gate x: one", "<13>Oct 11 22:14:16 gate x: two")
    assert (sample.wait, sample.alerts) == (3600.0, ({"title": "t", "key": {"ip": "a"}}, {"severity": "high"}))


@pytest.mark.parametrize(("change", "kept"), [
    (("gte: 5", "gte: 6"), False),
    (("within: 10m", "within: 11m"), False),
    (("by: ip", "by: [ip, hostname]"), False),
    (("app_name: sshd", "app_name: sshd2"), False),
    (("at_most: 0", "at_most: 1"), False),
    (("id: ssh-spray", "id: ssh-spray2"), False),
    (("{{ ip }} tried", "{{ ip }} has tried"), True),
    (("at_most: 0", "at_most: 0, alert: {title: fine}"), True),
    (("by: ip", "by: [ip]"), True),
    (("within: 10m", "within: 600s"), True),
    (("alerts: []", "alerts: []\n        wait: 5m"), True),
    (("rules:\n", "sets: [{name: x}]\nrules:\n"), True),
])  # fmt: skip
def test_the_state_of_a_rule_is_kept_unless_something_it_depends_on_changes(change, kept):
    before, after = book_of(SPRAY), book_of(SPRAY.replace(*change))
    assert (before.rules[0].state_key == after.rules[0].state_key) is kept
    assert before.hash != after.hash


def test_the_same_rules_have_the_same_hash():
    assert book_of(SPRAY).hash == book_of("# a comment\n" + SPRAY).hash


def test_a_book_is_pickled():
    book = pickle.loads(pickle.dumps(book_of(SPRAY, small("b", "time: {days: mon, timezone: Asia/Tokyo}, do: [ops]"))))

    assert [rule.id for rule in book.rules] == ["ssh-spray", "b"]
    assert book.sets[0].rules[0].alert.title.render({"ip": "a", "count": 1}) == "a tried 1 users"
    assert book.rules[0].condition.captures == {"user", "ip"}


def test_every_mistake_of_every_file_is_told_in_the_order_of_their_places():
    book, problems = read_rules(
        "rules:\n" + small("a", "limt: 5, by: nobody") + small("a"), "- 5\n" + small("a b") + small("c", "set: x")
    )
    assert book is None
    assert [(str(problem.location), problem.id) for problem in problems] == [
        ("rules.yaml:2:58", "unknown-key"), ("rules.yaml:2:71", "unknown-field"), ("rules.yaml:3:8", "duplicate-id"),
        ("rules2.yaml:1:3", "bad-value"), ("rules2.yaml:2:8", "bad-value"), ("rules2.yaml:3:63", "unknown-set"),
    ]  # fmt: skip


def test_one_broken_rule_does_not_make_others_call_it_unknown():
    _, problems = read_rules(small("a", "limt: 5") + small("b", "mute: {from: a, until: c}") + small("c"))
    assert [problem.id for problem in problems] == ["unknown-key"]


def test_alerts_without_a_destination_go_to_the_default_one(monkeypatch):
    rules = """
    - {id: a, kind: match, on: {text: x}, alert: {title: x}}
    - {id: b, kind: match, on: {text: x}, do: ops}
    - {id: c, kind: match, on: {text: x}}
    """
    assert [rule.destinations for rule in read_rules(rules)[0].rules] == [(), ("ops",), ()]

    monkeypatch.setattr(Destinations, "names", ("default", "ops"))

    assert [rule.destinations for rule in read_rules(rules)[0].rules] == [("default",), ("ops",), ()]


def test_no_documents_are_a_book_without_rules():
    assert book_of() == load_rules([], (), Destinations())[0]
    assert book_of().rules == ()


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "- null",
        "- {}",
        "- [[[]]]",
        "rules: {a: b}",
        "rules: 5\nsets: {}",
        "sets: [{name: 5}]\nrules: []",
        "- {id: {}, kind: [], on: 5, by: 7, do: {5: 6}}",
        "- {tests: [5, {alerts: 5}, {alerts: [5]}]}",
        "- {id: a, kind: match, on: {any: [[]]}}",
        "- {kind: threshold, count: [], clear: [], limit: [], time: [], mute: []}",
        "- {id: a, kind: match, on: {text: x}, set: [], then: {}}",
        "- {id: a, kind: match, on: {text: [[x]]}, alert: {title: []}}",
        "- {clear: {alert: 5}}",
        "- {by: [[], {}]}",
    ],
)
def test_nothing_that_yaml_can_say_raises(text):
    book, problems = read_rules(text)
    assert (book, bool(problems)) == (None, True)
