import pickle
from datetime import datetime
from pathlib import Path

import pytest
from pipeline_rig import plan_of

from collector.rules.entry import Entry
from collector.service import local_zone
from collector.service.watching.candidate_events import candidate_events

RULES = """
rules:
  - {id: first, kind: match, on: {text: alpha-word}, alert: {title: x}}
  - {id: second, kind: match, on: {text: omega-word}, alert: {title: x}}
"""
LINE = "<13>Feb  3 08:09:10 gate app: {}\n"
IETF = '<13>1 2026-02-03T08:09:10Z gate app - - [a b="{}"] hello\n'


def rules_plan(tmp_path, rules=RULES):
    (tmp_path / "rules.yaml").write_text(rules)
    plan = plan_of(tmp_path, [], rules=[str(tmp_path / "rules.yaml")], state_dir=str(tmp_path / "state"))
    return pickle.loads(plan.rules)


def events(rules, text, **more):
    text = text.encode()
    peers = [None] * text.count(b"\n")
    entry = Entry(**{"plan": "of another", "source": "udp", "received_at": 1770106150.0, "seen": 9, "text": text,
                     "peers": peers, **more})  # fmt: skip
    return [(event.line, list(wanted)) for event, wanted in candidate_events(entry, rules)]


def test_rows_of_another_plan_are_looked_through_anew(tmp_path):
    plan = rules_plan(tmp_path)
    text = LINE.format("omega-word") + LINE.format("nothing") + LINE.format("alpha-word and omega-word")
    assert events(plan, text, hits=[(1, 0)]) == [
        ("Feb  3 08:09:10 gate app: omega-word", [1]),
        ("Feb  3 08:09:10 gate app: alpha-word and omega-word", [0, 1]),
    ]


def test_of_another_plan_structured_data_is_looked_at_too(tmp_path):
    found = events(rules_plan(tmp_path), IETF.format("alpha-word") + IETF.format("x"))
    assert found == [("Feb  3 08:09:10 gate app: hello", [0])]


def test_residual_rules_see_every_row_of_any_plan(tmp_path):
    rest = "  - {id: rest, kind: match, on: {not: {text: alpha-word}}, alert: {title: x}}\n"
    plan = rules_plan(tmp_path, RULES + rest)
    text = LINE.format("nothing") + LINE.format("alpha-word")
    for name in ("of another", plan.plan):
        found = [wanted for _, wanted in events(plan, text, plan=name)]
        assert len(found) == 2
        assert all(2 in wanted for wanted in found)


def test_a_source_that_the_plan_no_longer_has_is_read_as_usual(tmp_path):
    found = events(rules_plan(tmp_path), LINE.format("alpha-word"), source="gone")
    assert found == [("Feb  3 08:09:10 gate app: alpha-word", [0])]


@pytest.fixture
def zone_of_this_machine(monkeypatch, tmp_path):
    """A file that may be replaced, as /etc/localtime is."""
    monkeypatch.delenv("TZ", raising=False)
    file = tmp_path / "localtime"
    monkeypatch.setattr(local_zone, "_LOCALTIME", str(file))

    def become(name):
        file.write_bytes(Path("/usr/share/zoneinfo", name).read_bytes())

    return become


def test_stamps_without_a_zone_are_read_in_the_zone_that_the_machine_had_when_the_plan_was_made(
    tmp_path, zone_of_this_machine
):
    zone_of_this_machine("Asia/Tokyo")
    plan = rules_plan(tmp_path)
    zone_of_this_machine("UTC")
    text = LINE.format("alpha-word").encode()
    entry = Entry(plan="of another", source="udp", received_at=1770106150.0, seen=1, text=text, peers=[None])
    ((event, _),) = candidate_events(entry, plan)
    assert event.field("timestamp").isoformat() == "2026-02-03T08:09:10+09:00"


def test_hours_of_rules_are_those_of_this_machine_s_zone(tmp_path, zone_of_this_machine):
    zone_of_this_machine("Asia/Tokyo")
    hours = "  - {id: night, kind: match, on: {text: x}, time: {hours: '22:00-06:00'}, alert: {title: x}}\n"
    plan = rules_plan(tmp_path, RULES + hours)
    assert datetime(2026, 2, 3, tzinfo=plan.book.rules[2].times.zone).isoformat() == "2026-02-03T00:00:00+09:00"
