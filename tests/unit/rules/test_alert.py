import json

from collector.rules.alert import Alert

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
