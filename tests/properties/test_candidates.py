"""What the correlator reads of a row is what the worker read of it, and the rows it gets are those that were hit."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hot_lines import BATCHES
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_rig import NOW, SOURCE, Rig, plan_of
from source_policies import POLICIES, ZONES

from collector.protocol.render import json_lines, traditional
from collector.rules.entry import Entry
from collector.rules.event import Event
from collector.service import pipeline
from collector.service.check_rules.json_records import JsonBlock
from collector.service.check_rules.virtual_clock import VirtualClock
from collector.service.naming.worker import WorkerNames
from collector.service.watching.candidate_events import candidate_events
from collector.service.watching.candidates import Candidates
from collector.service.watching.rows import Rows

EVERYTHING = [{"select": "*.*", "to": {"file": "FOLDER/all"}}]
IN_FULL = [
    {"select": "*.*", "to": {"file": "FOLDER/json", "format": "json"}},
    {"select": "*.*", "to": {"file": "FOLDER/all"}},
]
BY_HOST = [{"select": "*.*", "to": {"file": "FOLDER/{{ hostname }}"}}]


class Words:
    """A prefilter that finds words, one by one."""

    def __init__(self, words, residual=frozenset()):
        self.words = words
        self.residual = residual

    def needles(self, text):
        found = []
        for number, word in enumerate(self.words):
            at = text.find(word)
            while at >= 0:
                found.append((at + len(word), number))
                at = text.find(word, at + 1)
        return sorted(found)

    def rules_of(self, line):
        return {number for number, word in enumerate(self.words) if word in line}


class Kept(list[bytes]):
    """A journal in memory."""

    def append(self, payload):
        super().append(payload)
        return len(self)


def watch(rig, prefilter, journal):
    names = WorkerNames(rig.plan.work.names)
    rig._pipeline._candidates = Candidates(rig.plan.hash, prefilter, journal, names.name_of)
    for can_wait, origin in list(rig._origins.items()):
        rig._origins[can_wait] = type(origin)(origin.meter, origin.senders, can_wait, origin.policy, SOURCE)


@pytest.mark.parametrize("routes", [EVERYTHING, IN_FULL, BY_HOST], ids=["lean", "full", "by host"])
@settings(max_examples=25)
@given(batches=st.lists(BATCHES, max_size=3), policy=POLICIES, zones=ZONES, table=st.booleans(), every=st.booleans())
def test_rows_are_journalled_and_read_as_the_worker_read_them(routes, batches, policy, zones, table, every):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as monkeypatch:
        folder = Path(name)
        (folder / "hosts").write_text("192.0.2.7 gate.example.net\n2001:db8::7 gate6\n")
        others = {"timezone": zones, "dns": {"hosts": str(folder / "hosts")} if table else "off"}
        rig = Rig(plan_of(folder / "rig", routes, **others), monkeypatch, policy)
        oracle = Rig(plan_of(folder / "oracle", IN_FULL, **others), monkeypatch, policy)
        prefilter, journal = Words([b"sshd", b"gate", b"text", b"o"], frozenset({7}) if every else frozenset()), Kept()
        watch(rig, prefilter, journal)
        received = [rig.take(frames, peers) for frames, peers in batches]
        assert received == [oracle.take(frames, peers) for frames, peers in batches]
        rig._pipeline._candidates.tick(NOW)
        rig.close()
        oracle.close()
        shown = lines_of(folder / "oracle" / "all")
        records = lines_of(folder / "oracle" / "json")

    entries = [Entry.decode(payload) for payload in journal]
    assert sum(entry.seen for entry in entries) == len(records)
    read = [one for entry in entries for one in read_again(entry, rig, policy)]
    wanted = [(line, record) for line, record in zip(shown, records, strict=True) if every or prefilter.rules_of(line)]
    assert [(line, record) for line, record, _ in read if every or prefilter.rules_of(line)] == wanted
    assert all(prefilter.rules_of(line) <= rules for line, _, rules in read)
    for entry in entries:
        assert events_of(entry, rig, policy, prefilter) == events_of_rows(entry, rig, policy, prefilter)


@pytest.mark.parametrize("ahead", [0.0000003, 0.0000007, 0.123456789])
def test_a_message_without_a_stamp_has_the_time_that_its_record_shows(ahead, monkeypatch, tmp_path):
    """Ids of alerts are made from it, and a clock can be finer than a record."""
    rig, journal = Rig(plan_of(tmp_path, EVERYTHING), monkeypatch), Kept()
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(time=lambda: NOW + ahead))
    watch(rig, Words([b"full"]), journal)
    rig.take([b"<5>disk is full"], [None])
    rig.close()
    entry = Entry.decode(journal[0])
    rows = Rows(entry, rig.plan.interpreter)
    event = Event(rows[0], rows.moment, entry.received_at)
    again = JsonBlock([json.dumps(event.record()).encode()], "", VirtualClock(NOW)).event(0)
    assert (again.time, again.arrival) == (event.time, event.arrival)


def read_again(entry, rig, policy):
    """Each row of an entry: as a line, as a record, and the rules that want it."""
    rows = Rows(entry, rig.plan.interpreter.under(policy))
    rules = {number: {needle for row, needle in entry.row_hits() if row == number} for number in range(len(rows))}
    for number in range(len(rows)):
        pair = rows[number]
        line, record = traditional([pair], rows.moment), json_lines([pair], rows.moment)
        yield line[:-1], record[:-1], rules[number]


def events_of(entry, rig, policy, prefilter):
    """All that rules see of the rows they may want."""
    plan = SimpleNamespace(
        plan=rig.plan.hash,
        zones=rig.plan.work.zones,
        prefilter=SimpleNamespace(residual=prefilter.residual, rules_of=[(0,), (1,), (2,), (3,)]),
        interpreter_of=lambda _: rig.plan.interpreter.under(policy),
    )
    return [(*seen(event), set(rules)) for event, rules in candidate_events(entry, plan)]


def events_of_rows(entry, rig, policy, prefilter):
    """The same, each row read by itself."""
    rows = Rows(entry, rig.plan.interpreter.under(policy))
    found = []
    for number in range(len(rows)):
        rules = {needle for row, needle in entry.row_hits() if row == number} | prefilter.residual
        if rules:
            found.append((*seen(Event(rows[number], rows.moment, entry.received_at, entry.source)), rules))
    return found


def seen(event):
    return event.line, event.time, event.arrival, event.source, event.value("app_name"), event.record()


def lines_of(path):
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
