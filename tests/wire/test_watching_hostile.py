"""Rules and messages that mean no good: the receiver and the other rules do not notice."""

import pytest
from observing import until
from watched import CONFIG, ask, delivered, now, wait_for, watched, watcher

from collector.service.status import render

RULES = r"""
rules:
  - id: evil
    kind: match
    on: {re: 'login (?:x+x+)+y'}
    alert: {title: evil}
    do: log
  - id: broken
    kind: match
    on: {re: 'broken (?P<what>\S+)'}
    by: what
    alert: {title: "{{ fields.User.name }}"}
    do: log
  - id: large
    kind: match
    on: {re: 'large (?P<rest>.+)'}
    by: rest
    alert: {title: "{{ rest }}"}
    do: log
  - id: keys
    kind: threshold
    on: {re: 'from (?P<ip>\S+)'}
    by: ip
    within: 1h
    count: 2
    alert: {title: "{{ ip }}"}
    do: log
  - id: good
    kind: match
    on: {re: 'good beside (?P<other>\S+)'}
    alert: {title: "{{ other }}"}
    do: log
"""


@pytest.fixture(scope="module")
def service(serve_all):
    """With one worker, so that lines of one connection are judged in their order."""
    one_worker = CONFIG.replace("workers: 2", "workers: 1")
    return watched(serve_all, RULES, one_worker + "max_message: 1MiB\nmax_keys: 1000\n")


def line(text):
    return f"<13>{now()} gate app: {text}\n".encode()


def counts(service, rule):
    return watcher(service)["by_rule"].get(rule, {})


def titles(service, rule):
    return [alert["title"] for alert in delivered(service) if alert["rule"] == rule]


def test_a_pattern_that_backtracks_for_ever_is_quarantined_and_that_is_said(service):
    service.tcp(*(line(f"login {'x' * 40}{number}") for number in range(4)), line("good beside evil"))

    until(lambda: "evil" in titles(service, "good"))
    assert titles(service, "evil") == []
    service.hears("Not tried for ten minutes or longer: rule evil.")
    service.hears("Matches ended because they took half a second, or again and again some time: ")
    assert (counts(service, "evil")["timeouts"], counts(service, "evil")["quarantined"]) == (3, 1)
    assert "QUARANTINED" in render(service.status())


def test_a_text_that_cannot_be_filled_is_counted_said_and_the_alert_comes_all_the_same(service):
    service.tcp(line("broken {{7*7}}$(rm)x"), line("good beside broken"))

    until(lambda: "broken" in titles(service, "good"))
    assert titles(service, "broken") == ["broken {{7*7}}$(rm)x"]
    service.hears("Conditions or texts that failed: 1, of rule broken.")


def test_a_megabyte_is_an_alert_as_any_other_and_is_shown_without_its_bulk(service):
    service.tcp(line(f"large {'x' * 1_000_000}"))

    (title,) = until(lambda: titles(service, "large"))
    assert len(title) > 65_000
    (alert,) = (alert for alert in delivered(service) if alert["rule"] == "large")
    (shown,) = ask(service, ask="alerts", most=1, rule="large")["alerts"]
    assert (shown["id"], len(shown["title"]), shown["records"]) == (alert["id"], 1000, [])


def test_many_keys_make_room_for_others_counted_and_said(service):
    service.tcp(*(line(f"from {number}") for number in range(3000)))
    until(lambda: counts(service, "keys").get("hits") == 3000)
    service.tcp(line("from 2999"), line("from 0"))

    until(lambda: counts(service, "keys")["hits"] == 3002)
    assert until(lambda: titles(service, "keys")) == ["2999"]
    assert counts(service, "keys")["evicted"] >= 2000
    service.hears("Keys forgotten for want of room: [0-9,]+, of rule keys. .*Cure: raise max_keys")


def test_a_rule_that_wants_everything_costs_no_line(serve):
    service = watched(
        serve,
        r"""
rules:
  - id: every
    kind: match
    on: {re: '.*'}
    limit: {first: 1, per: 1h}
    alert: {title: every}
    do: log
  - id: good
    kind: match
    on: {text: good}
    alert: {title: good}
    do: log
""",
    )
    service.tcp(line("x") * 20_000, line("good"))
    service.counts(20_001, "sink_written")
    until(lambda: counts(service, "every").get("hits") == 20_001)

    assert [alert["rule"] for alert in wait_for(service, 2)] == ["every", "good"]
    assert watcher(service)["lost"] == 0


def test_what_the_service_says_itself_is_no_message_for_rules(serve):
    service = watched(
        serve,
        r"""
rules:
  - id: every
    kind: match
    on: {re: '.*'}
    alert: {title: "{{ fields.User.name }}"}
    do: log
""",
        CONFIG + "mark: 1s\n",
    )
    service.tcp(line("one"))
    until(lambda: any(b"-- MARK --" in one for one in service.lines()))
    service.hears("Conditions or texts that failed: ")
    service.tcp(line("two"))

    wait_for(service, 2)
    until(lambda: counts(service, "every")["hits"] == 2)
    assert len(delivered(service)) == 2
