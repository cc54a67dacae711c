import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rule_loading import book_of
from rule_rig import Said, alerts, run

from collector.rules.alert import Alert
from collector.rules.engine import Engine

ALERT = Alert(
    id="6f1c", rule="ssh-spray", severity="high", title="192.0.2.7 tried 5 users", body="…", key={"ip": "192.0.2.7"},
    count=5, event_time=1_784_789_671.0, fired_at=1_784_789_672.25, records=[{"message": "x"}], summary=False,
    captures={"user": "bob"}, destinations=("ops",),
)  # fmt: skip


def test_its_json_has_what_is_promised_and_no_more():
    assert ALERT.as_json() == {
        "type": "alert", "id": "6f1c", "rule": "ssh-spray", "severity": "high", "title": "192.0.2.7 tried 5 users",
        "body": "…", "key": {"ip": "192.0.2.7"}, "count": 5, "event_time": "2026-07-23T06:54:31Z",
        "fired_at": "2026-07-23T06:54:32.250Z", "records": [{"message": "x"}], "summary": False,
    }  # fmt: skip


def test_it_comes_back_from_its_json():
    again = Alert.from_json(json.loads(json.dumps(ALERT.as_json())))
    assert again.as_json() == ALERT.as_json()
    assert (again.event_time, again.fired_at) == (ALERT.event_time, ALERT.fired_at)


def test_a_journal_keeps_everything_of_it():
    assert Alert.from_json(json.loads(ALERT.encode())) == ALERT


def test_half_a_character_does_not_keep_it_from_its_journal():
    assert b"\xed\xa0\x80" in Alert.from_json(ALERT.as_json() | {"title": "\ud800"}).encode()


TOKYO = timezone(timedelta(hours=9), "JST")
TIMES = """
    rules:
      - id: r
        kind: match
        on: {text: x}
        limit: {first: 1, per: 10s}
        alert: {title: "%s"}
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ event_time }}", "1970-01-01T09:00:05+09:00"),
        ("{{ fired_at }}", "1970-01-01T09:00:07+09:00"),
        ("{{ fired_at | date('%H:%M') }}", "09:00"),
        ("{{ timestamp }}", "1970-01-01T09:00:04+09:00"),
        ("{{ received_at }}", "1970-01-01T09:00:06+09:00"),
    ],
)
def test_times_in_texts_are_those_of_the_zone_of_the_rules_whatever_the_sender_s(text, shown):
    sent, received = datetime.fromtimestamp(4, timezone(timedelta(hours=-5))), datetime.fromtimestamp(6, UTC)
    event = Said("x", 5, 7, timestamp=sent, received_at=received)
    (alert,) = run(TIMES % text, [event], zone=TOKYO)
    assert alert.title == shown
    assert alert.as_json()["event_time"] == "1970-01-01T00:00:05Z"


def test_a_summary_tells_the_time_in_that_zone_too():
    _, summary = run(TIMES % "t", [Said("x", 5), Said("x", 6)], until=20, zone=TOKYO)
    assert summary.body == "t … and 1 more, the last at 1970-01-01 09:00:06+09:00"


def test_what_a_rule_that_is_gone_held_back_is_told_in_that_zone():
    engine = Engine(book_of(TIMES % "t", zone=UTC))
    for event in (Said("x", 5), Said("x", 6)):
        engine.feed(event)
    other = (TIMES % "t").replace("id: r", "id: other")
    (told,) = alerts(Engine.load(book_of(other, zone=TOKYO), engine.dump()))[-1:]
    assert told.body.endswith("the last at 1970-01-01 09:00:06+09:00")
