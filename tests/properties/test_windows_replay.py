"""Events of Windows raise the same alerts when they arrive, and when the files that show them are replayed."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from check_rules_rig import INTERPRETER, NORMALISER, alerts_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_rig import NOW, Rig, plan_of
from rule_loading import book_of

from collector.rules.engine import Engine
from collector.rules.event import Event

VECTORS = Path(__file__).parent.parent / "vectors" / "ntsyslog.jsonl"
TEXTS = [json.loads(line)["text"] for line in VECTORS.read_text(encoding="utf-8").splitlines()]
PEER = "192.0.2.7:4428"
ROUTES = [
    {"select": "*.*", "to": {"file": "FOLDER/json", "format": "json"}},
    {"select": "*.*", "to": {"file": "FOLDER/traditional"}},
]
RULES = r"""
rules:
  - id: each
    kind: match
    on: {EntryType|exists: true}
    alert: {title: "{{ Channel }} {{ EventID }} {{ EntryType }} {{ Provider_Name }} {{ User }} {{ TargetUserName }}"}
  - id: failures
    kind: threshold
    on: {Channel: Security, EntryType: audit_failure}
    by: hostname
    within: 1m
    count: 2
    limit: {first: 1, per: 1h, summary: true}
    alert: {title: "{{ hostname }}: {{ count }}"}
  - id: line
    kind: match
    on: {re: 'security\[(?P<word>\w+)\] (?P<number>\d+)'}
    alert: {title: "{{ word }} {{ number }}"}
  - id: whole
    kind: match
    on: {re: "^(?P<everything>.*)$", app_name: [security, system, application, Backup, NT]}
    alert: {title: "{{ everything }}"}
  - id: words
    kind: match
    on: {any: [{message|contains: ログオン}, {text: Logon Failure}]}
    alert: {title: "{{ message }}"}
"""
PACK = (Path(__file__).parents[2] / "rules" / "windows-ntsyslog.yaml").read_text(encoding="utf-8")


def stamped(text, second):
    """In UTC, as a traditional file does not tell the zone of a stamp."""
    clock = f"08:0{second // 60}:{second % 60:02}"
    return text.replace("Jul 23 15:54:31", f"Feb  3 {clock}").replace(
        "2026-07-23T15:54:31+09:00", f"2026-02-03T{clock}Z"
    )


@st.composite
def messages(draw):
    texts = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=12))
    seconds = sorted(draw(st.lists(st.integers(0, 540), min_size=len(texts), max_size=len(texts))))
    return [
        stamped(text, second).encode(draw(st.sampled_from(["utf-8", "cp932", "euc-jp"])))
        for text, second in zip(texts, seconds, strict=True)
    ]


def alerts_live(text, frames):
    engine = Engine(book_of(text))
    received_at = datetime.fromtimestamp(NOW, UTC)
    for frame in frames:
        pair = INTERPRETER.read(*NORMALISER.one(frame, PEER), PEER, received_at), PEER
        engine.feed(Event(pair, INTERPRETER.moment(received_at), NOW))
    while engine.timers.next < float("inf"):
        engine.advance(engine.timers.next)
    return [alert.as_json() for alert in engine.outbox]


def said(alerts):
    """What a file that does not tell when and from whom messages came can know."""
    return sorted((alert["rule"], alert["title"], alert["event_time"], alert["key"]) for alert in alerts)


@pytest.mark.parametrize("rules", [RULES, PACK], ids=["own", "shipped"])
@settings(max_examples=10)
@given(messages())
def test_alerts_of_a_replay_are_those_of_live(rules, frames):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as monkeypatch:
        rig = Rig(plan_of(name, ROUTES, timezone={"default": "UTC"}), monkeypatch)
        rig.take(frames, [PEER] * len(frames))
        rig.close()
        from_json = alerts_of(rules, Path(name) / "json")
        from_lines = alerts_of(rules, Path(name) / "traditional")
    live = alerts_live(rules, frames)
    assert from_json == live
    assert said(from_lines) == said(live)


def test_every_known_event_is_one_again(monkeypatch, tmp_path):
    frames = [stamped(text, second).encode() for second, text in enumerate(TEXTS)]
    rig = Rig(plan_of(tmp_path, ROUTES, timezone={"default": "UTC"}), monkeypatch)
    rig.take(frames, [PEER] * len(frames))
    rig.close()
    live = alerts_live(RULES, frames)
    assert len(live) > len(frames)
    assert alerts_of(RULES, tmp_path / "json") == live
