"""A rule's own tests: what they say, and how they fail."""

from check_rules_rig import INTERPRETER, NORMALISER
from rule_loading import book_of

from collector.rules.samples import Reading, failures, stage_for, unseen_fields

READING = Reading(NORMALISER, INTERPRETER)
FAILED = "<38>Oct 11 22:14:%02d gate sshd[411]: Failed password for bob from 192.0.2.%d port 22 ssh2"
RULE = """
rules:
  - id: spray
    kind: threshold
    on: {app_name: sshd, re: 'Failed password for (?P<user>\\S+) from (?P<ip>\\S+)'}
    by: ip
    within: 10s
    count: 2
    limit: {first: 1, per: 1h}
    alert: {severity: high, title: "{{ ip }} tried {{ count }} times"}
    tests:
      - lines:
%s
        alerts: %s
        wait: %s
"""


def failing(lines, alerts, wait="0s"):
    text = RULE % ("\n".join(f"        - '{line}'" for line in lines), alerts, wait)
    return of(text)


def of(text):
    book = book_of(text)
    return [problem for rule in book.rules for problem in failures(book, rule, READING)]


TWICE = [FAILED % (15, 7), FAILED % (16, 7)]


def test_a_test_that_says_what_happens_passes():
    assert failing(TWICE, '[{title: "192.0.2.7 tried 2 times", severity: high, count: 2, key: {ip: 192.0.2.7}}]') == []
    assert failing(TWICE[:1], "[]") == []


def test_only_the_fields_that_are_given_are_compared():
    assert failing(TWICE, "[{}]") == []
    assert failing(TWICE, "[{summary: false, event_time: '2024-10-11T22:14:16Z'}]") == []


def test_another_value_is_told_with_both():
    (problem,) = failing(TWICE, '[{title: "192.0.2.8 tried 2 times", count: 3, severity: high}]')
    assert (problem.id, problem.level, problem.location.line) == ("test", "error", 12)
    assert problem.message == "the test of spray: alert 1 has another title and count"
    assert problem.hint.split("\n") == [
        'title: "192.0.2.7 tried 2 times", not "192.0.2.8 tried 2 times"', "count: 2, not 3",
    ]  # fmt: skip


def test_a_missing_alert_is_told_with_the_reason():
    (problem,) = failing(TWICE[:1], "[{title: x}]")
    assert problem.message == "the test of spray: it raises 0 alerts, not 1"
    first, second, *steps = problem.hint.split("\n")
    assert (first, second) == ('missing: {"title": "x"}', "the last line counted: 1 of 2 for ip=192.0.2.7")
    assert steps[0].split() == ["yes", "app_name:", "sshd"]
    assert steps[1].endswith("user=bob ip=192.0.2.7")


def test_what_does_not_fit_is_told():
    (problem,) = failing([FAILED.replace("sshd[411]", "su") % (15, 7)], "[{}]")
    assert "the last line does not fit" in problem.hint
    assert 'app_name: sshd   it is "su"' in problem.hint


def test_an_alert_too_many_is_told():
    (problem,) = failing(TWICE, "[]")
    assert problem.message == "the test of spray: it raises 1 alert, not 0"
    assert problem.hint == 'raised: "192.0.2.7 tried 2 times"'


def test_time_goes_on_after_the_last_line():
    lines = [*TWICE, FAILED % (40, 7), FAILED % (41, 7)]
    assert failing(lines, "[{}]", "30m") == []
    assert failing(lines, '[{}, {summary: true, title: "192.0.2.7 tried 2 times … and 2 more"}]', "2h") == []


def test_a_line_without_a_stamp_comes_with_the_one_before():
    assert failing([TWICE[0], "<38>sshd[411]: Failed password for bob from 192.0.2.7"], "[{}]") == []


def test_a_test_may_go_over_the_end_of_a_year():
    lines = [FAILED.replace("Oct 11 22:14:%02d", stamp) % 7 for stamp in ("Dec 31 23:59:58", "Jan  1 00:00:01")]
    assert failing(lines, "[{event_time: '2025-01-01T00:00:01Z'}]") == []


def test_texts_may_be_written_as_numbers_and_blocks():
    text = """
    rules:
      - id: r
        kind: match
        on: {re: 'code (?P<code>\\d+)'}
        alert: {title: "{{ code }}", body: "a\\nb"}
        tests:
          - lines: |
              <38>Oct 11 22:14:15 gate x: code 12
              <38>Oct 11 22:14:15 gate x: code 13
            alerts:
              - {title: 12}
              - title: 13
                body: |
                  a
                  b
    """
    assert of(text) == []


SET = """
sets: [{name: s, ordered: true}]
rules:
  - {id: other, kind: match, on: {text: b}, alert: {}}
  - {id: ignore, kind: match, set: s, on: {text: a b}}
  - id: tested
    kind: match
    set: s
    on: {text: b}
    alert: {}
    tests: [{lines: ["<38>Oct 11 22:14:15 gate x: a b", "<38>Oct 11 22:14:16 gate x: b"], alerts: [{rule: tested}]}]
  - {id: behind, kind: match, set: s, on: {text: b}, alert: {}}
"""


def test_rules_before_it_in_its_set_have_their_say():
    assert of(SET) == []
    book = book_of(SET)
    assert [rule.id for rule in stage_for(book, book.rules[2]).rules] == ["ignore", "tested"]


def test_a_jump_over_the_end_of_what_is_there_ends_the_set():
    text = SET.replace("on: {text: a b}}", "on: {text: a b}, then: {goto: behind}}")
    assert of(text) == []


def test_rules_that_mute_it_have_their_say():
    text = """
    rules:
      - {id: begin, kind: match, on: {text: begin}}
      - {id: end, kind: match, on: {text: end}}
      - id: tested
        kind: match
        on: {text: x}
        mute: {from: begin, until: end, at_most: 1h}
        alert: {}
        tests:
          - lines: ["<38>Oct 11 22:14:15 gate a: begin", "<38>Oct 11 22:14:16 gate a: x"]
            alerts: []
          - lines:
              - "<38>Oct 11 22:14:15 gate a: begin"
              - "<38>Oct 11 22:14:16 gate a: end"
              - "<38>Oct 11 22:14:17 gate a: x"
            alerts: [{}]
    """
    assert of(text) == []


def test_which_test_it_is_is_told_where_there_are_several():
    tests = "[{lines: [x], alerts: [{}]}, {lines: [y], alerts: [{}]}]"
    text = f"rules: [{{id: r, kind: match, on: {{text: x}}, alert: {{}}, tests: {tests}}}]"
    assert [problem.message for problem in of(text)] == ["test 2 of r: it raises 0 alerts, not 1"]


def test_fields_that_no_event_of_the_tests_has_are_told():
    text = """
    rules:
      - id: r
        kind: match
        on: {text: x}
        by: EventID
        alert: {title: "{{ hostname }} {{ User }} {{ count }}"}
        tests: [{lines: ["<38>Oct 11 22:14:15 gate a: x"], alerts: []}, {lines: [y], alerts: []}]
    """
    found = [problem.message for problem in unseen_fields(book_of(text).rules[0], READING)]
    assert found == [
        "r: no event in its tests has the field EventID, which it names",
        "r: no event in its tests has the field User, which it names",
    ]
    assert list(unseen_fields(book_of(text.replace("a: x", "a: z")).rules[0], READING)) == []
