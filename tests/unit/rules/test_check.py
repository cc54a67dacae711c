"""Static findings: what is wrong with rules that can be loaded."""

import pytest
from rule_loading import book_of

from collector.rules.check import check_cost, check_rules, without_tests
from collector.rules.prefilter import compile_prefilter

MATCH = "rules: [{id: r, kind: match, on: %s, alert: {title: x}}]"


def found(text):
    return [(problem.id, problem.level, problem.message) for problem in check_rules(book_of(text))]


def why_never(on):
    problems = list(check_rules(book_of(MATCH % on)))
    assert {problem.id for problem in problems} <= {"never-fires"}
    return [problem.message.removeprefix("r: it can never fire: ") for problem in problems]


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("{app_name: sshd, all: [{app_name: cron}]}", "app_name and app_name exclude each other"),
        ("{app_name: [a, b], app_name|endswith: c}", "app_name and app_name|endswith exclude each other"),
        ("{app_name|startswith: a, app_name|startswith|cased: A}", None),
        ("{app_name|startswith: abc, all: [{app_name|startswith: abd}]}", "exclude each other"),
        ("{app_name|startswith: abc, all: [{app_name|startswith: ab}]}", None),
        ("{app_name: SSHD, app_name|re: sshd}", None),
        ("{app_name: null, text: x}", None),
        ("{app_name: null, app_name|contains: x}", "exclude each other"),
        ("{EventID|exists: false, EventID: 861}", "exclude each other"),
        ("{Bytes|gt: 10, Bytes|lt: 10}", "exclude each other"),
        ("{Bytes|gte: 10, Bytes|lte: 10}", None),
        ("{Bytes: 5, Bytes|gt: 10}", "exclude each other"),
        ("{facility: kern, all: [{facility: [mail, news]}]}", "exclude each other"),
        ("{severity|lte: err, all: [{severity|gt: err}]}", "exclude each other"),
        ("{severity: err, severity|lte: warning}", None),
        ("{app_name: sshd, not: {app_name: 'ssh*'}}", "what it asks for is what it excludes with not"),
        ("{app_name: sshd, not: {text: sshd}}", "what it asks for is what it excludes with not"),
        ("{app_name: sshd, not: {app_name: sshd, hostname: gate}}", None),
        ("{re: 'Failed password for (\\S+)', not: {text: failed}}", "what it asks for"),
        ("{any: [{app_name: a, not: {app_name: a}}, {Bytes|gt: 5, Bytes|lt: 2}]}", "exclude"),
        ("{any: [{app_name: a, not: {app_name: a}}, {app_name: b}]}", None),
        ("{app_name: c, any: [{app_name: a}, {app_name: b}]}", "exclude each other"),
        ("{re: '^Failed'}", "a line begins with the time and the host name"),
        ("{re: ['^Failed', 'x']}", None),
        ("{re|all: ['^Failed', 'x']}", "a line begins with the time"),
        ("{any: [{re: '^Failed'}, {text: x}]}", None),
        ('{text: "a\\nb"}', "no line holds control characters"),
        ('{text: ["a\\nb", c]}', None),
        ('{text: "a\\tb"}', None),
        ("{message|re: '^Failed'}", None),
    ],
)
def test_rules_that_can_never_fire(on, words):
    why = why_never(on)
    assert bool(why) == (words is not None)
    assert words is None or words in why[0]


def test_a_count_of_values_that_cannot_be_reached():
    count = "count: {distinct: app_name, %s}"
    text = f"rules: [{{id: r, kind: threshold, on: {{app_name: [a, b]}}, within: 1m, {count}, alert: {{}}}}]"
    assert [one[0] for one in found(text % "gte: 3")] == ["never-fires"]
    assert [one[0] for one in found(text % "gt: 2")] == ["never-fires"]
    assert found(text % "gte: 2") == []


@pytest.mark.parametrize(("field", "number"), [("facility", 24), ("severity", 8)])
def test_there_are_no_more_names_than_there_are(field, number):
    count = f"count: {{distinct: {field}, gte: %d}}"
    text = f"rules: [{{id: r, kind: threshold, on: {{text: x}}, within: 1m, {count}, alert: {{}}}}]"
    assert found(text % number) == []
    assert [one[0] for one in found(text % (number + 1))] == ["never-fires"]


@pytest.mark.parametrize(
    ("rule", "name", "meant"),
    [
        ("on: {EventID: 529}, alert: {title: '{{ IpAdress }}'}", "IpAdress", "IpAddress"),
        ("on: {EvntID: 529}, alert: {title: x}", "EvntID", "EventID"),
        ("on: {any: [{not: {Eventid: 529}}]}, alert: {title: x}", "Eventid", "EventID"),
        ("on: {text: x}, by: TargetUsername, alert: {title: x}", "TargetUsername", "TargetUserName"),
    ],
)
def test_a_field_of_a_payload_that_seems_to_be_misspelt(rule, name, meant):
    (problem,) = [one for one in check_rules(book_of(f"- {{id: r, kind: match, {rule}}}")) if one.id == "absent-field"]
    assert (problem.level, problem.hint) == ("info", f'did you mean "{meant}"?')
    assert problem.message == f"r: no message is known that has the field {name}"


def test_fields_of_payloads_that_nobody_knows_may_be_meant():
    assert found(MATCH % "{ServiceFileName: x, CallDepth: 3, Foo: y, Bytes|gt: 5}") == []


def test_a_text_that_names_what_its_events_do_not_have():
    text = "rules: [{id: r, kind: match, on: {text: x, EventID|exists: false}, alert: {title: 'a {{ EventID }}'}}]"
    ((id_, level, message),) = found(text)
    assert (id_, level) == ("absent-field", "warning")
    assert "its title names EventID" in message


@pytest.mark.parametrize(
    ("more", "id_"),
    [
        ("by: line", "useless-key"),
        ("by: [hostname, raw]", "useless-key"),
        ("by: hostname, limit: {by: line, first: 1, per: 1h}", "useless-key"),
        ("by: shape", None),
        ("by: line, limit: {first: 1, per: 1h}", "useless-key"),
        ("clear: {within: 1m, at_most: 5}", "useless-clear"),
        ("clear: {within: 1m, at_most: 4}", None),
        ("clear: {within: 1h, at_most: 5}", None),
    ],
)
def test_keys_and_clears_that_make_no_sense(more, id_):
    text = "rules: [{id: r, kind: threshold, on: {text: x}, within: 1m, count: 5, alert: {}, %s}]"
    assert [one[0] for one in found(text % more)] == ([id_] if id_ else [])


ORDERED = """
sets: [{name: s, ordered: true}]
rules:
  - {id: first, kind: match, set: s, on: %s, %s}
  - {id: second, kind: match, set: s, on: %s, alert: {}}
"""


@pytest.mark.parametrize(
    ("first", "more", "second", "shadowed"),
    [
        ("{text: failed}", "alert: {}", "{re: 'Failed password for (\\S+)'}", True),
        ("{text: failed}", "alert: {}", "{re: '(Failed|failed) x|nofailed'}", True),
        ("{text: failed}", "alert: {}", "{re: 'Failed|Accepted'}", False),
        ("{text: failed}", "", "{message|contains: FAILED password}", True),
        ("{text: sshd}", "alert: {}", "{app_name: sshd, text: x}", True),
        ("{app_name: ssh*}", "alert: {}", "{app_name: sshd}", True),
        ("{app_name: sshd}", "alert: {}", "{app_name: [sshd, cron]}", False),
        ("{app_name: [sshd, cron]}", "alert: {}", "{any: [{app_name: sshd}, {app_name: cron, text: x}]}", True),
        ("{app_name: sshd, hostname: gate}", "alert: {}", "{app_name: sshd}", False),
        ("{severity|lte: warning}", "alert: {}", "{severity: err}", True),
        ("{severity: [err, crit, alert, emerg]}", "alert: {}", "{severity|lte: crit}", True),
        ("{not: {app_name: cron}}", "alert: {}", "{app_name: sshd}", True),
        ("{not: {app_name: cron}}", "alert: {}", "{text: x}", False),
        ("{re: 'a+b'}", "alert: {}", "{re: 'a+b', text: x}", True),
        ("{text: failed}", "then: next, alert: {}", "{text: failed}", False),
        ("{text: failed}", "time: {days: mon}, alert: {}", "{text: failed}", False),
    ],
)
def test_rules_of_an_ordered_set_that_are_never_tried(first, more, second, shadowed):
    told = found(ORDERED % (first, more, second))
    assert [one[:2] for one in told] == ([("shadowed", "warning")] if shadowed else [])
    assert not told or 'it fits "first" before it' in told[0][2]


def test_a_rule_that_a_goto_leads_to_is_not_shadowed():
    text = """
    sets: [{name: s, ordered: true}]
    rules:
      - {id: jump, kind: match, set: s, on: {text: a}, then: {goto: last}, alert: {}}
      - {id: all, kind: match, set: s, on: {text: b}, alert: {}}
      - {id: last, kind: match, set: s, on: {text: b}, alert: {}}
    """
    assert found(text) == []


def test_a_goto_hides_nothing_from_those_that_it_does_not_lead_to():
    text = """
    sets: [{name: s, ordered: true}]
    rules:
      - {id: jump, kind: match, set: s, on: {text: a}, then: {goto: %s}, alert: {}}
      - {id: one, kind: match, set: s, on: {text: b}, alert: {}}
      - {id: two, kind: match, set: s, on: {text: b}, alert: {}}
      - {id: last, kind: match, set: s, on: {text: c}, alert: {}}
    """
    assert [one[0] for one in found(text % "last")] == ["shadowed"]
    assert [one[0] for one in found(text % "one")] == ["shadowed"]
    assert found(text % "two") == []


def test_outside_of_ordered_sets_no_rule_is_in_the_way():
    assert (
        found("rules: [{id: a, kind: match, on: {text: x}, alert: {}}, {id: b, kind: match, on: {text: x}, alert: {}}]")
        == []
    )


def test_rules_without_tests_are_told_and_with_strict_refused():
    book = book_of(
        """
        rules:
          - {id: a, kind: match, on: {text: x}, alert: {}}
          - {id: b, kind: match, on: {text: y}, alert: {}, tests: [{lines: [x], alerts: []}]}
        """
    )
    assert [(one.level, one.message) for one in without_tests(book, strict=False)] == [("info", "a: it has no tests")]
    assert [one.level for one in without_tests(book, strict=True)] == ["error"]


def costs(on, measured, more=""):
    book = book_of(f"rules: [{{id: r, kind: match, on: {on}, alert: {{}}{more}}}]")
    prefilter = compile_prefilter([rule.condition.requirement for rule in book.rules])
    return [(one.id, one.level) for one in check_cost(book, prefilter, lambda _: measured)]


def test_rules_that_look_at_every_line_are_told_with_their_cost():
    assert costs("{not: {app_name: cron}}", (500.0, 0.5)) == [("residual", "info")]
    assert costs("{not: {app_name: cron}}", (50_000.0, 0.5)) == [("residual", "warning")]
    assert costs("{text: Failed password}", (50_000.0, 0.5)) == []


def test_a_text_beyond_ascii_is_not_called_none():
    book = book_of("- {id: r, kind: match, on: {text: é}, alert: {}}")
    prefilter = compile_prefilter([rule.condition.requirement for rule in book.rules])
    for problem in check_cost(book, prefilter, lambda _: (500.0, 0.5)):
        assert '"é" may come in other letters' in problem.message
        assert "text|cased" in problem.hint


def test_the_key_of_a_rule_without_a_window_is_useless_only_for_its_limit():
    rule = "- {id: r, kind: match, on: {text: x}, by: line, alert: {}%s}"
    assert found(rule % "") == []
    ((id_, _, message),) = found(rule % ", limit: {first: 1, per: 1h}")
    assert (id_, message[:12]) == ("useless-key", 'r: by has "l')


def test_a_rule_that_fits_everything_is_told_unless_it_is_limited():
    assert ("fits-all", "warning") in costs("{not: {app_name: x}}", (500.0, 1.0))
    assert ("fits-all", "warning") not in costs("{not: {app_name: x}}", (500.0, 1.0), ", limit: {first: 1, per: 1h}")


def test_a_rule_that_takes_for_ever_is_an_error():
    assert costs(r"{re: '(\w+\s?)+$'}", None) == [("backtracking", "error")]
