"""What is known of senders is what was counted, whatever way the numbers took."""

import tempfile
from collections import Counter
from datetime import UTC
from itertools import islice
from pathlib import Path

import pytest
from hot_lines import BATCHES
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_rig import Rig, plan_of

from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.service.account import by_label
from collector.service.senders import source_senders as senders
from collector.service.senders.source_senders import SourceSenders, sender_of
from collector.service.senders.table import SenderTable

INTERPRETER = Interpreter(UTC, HostMap({}), None)

_NAMES = st.sampled_from([f"192.0.2.{number}" for number in range(12)])
_REASONS = st.sampled_from(["no_pri", "bom", "cp932"])
_EVENTS = st.one_of(
    st.tuples(st.just("came"), _NAMES, st.integers(1, 5)),
    st.tuples(st.sampled_from(["charset", "problem"]), _NAMES, _REASONS),
    st.tuples(st.just("dropped"), _NAMES, _REASONS, st.integers(1, 5)),
    st.tuples(st.just("report"), st.booleans()),
)
_KINDS = {"charset": "charsets", "problem": "problems", "dropped": "drops"}


def _counted(events):
    """The same by hand: by sender, and what it is."""
    counts = Counter()
    for event, name, *rest in events:
        if event == "came":
            counts[name, "messages"] += rest[0]
        elif event != "report":
            counts[name, _KINDS[event], rest[0]] += rest[1] if len(rest) > 1 else 1
    return counts


def _numbers(name, numbers):
    counts = Counter({(name, "messages"): numbers.messages})
    for kind in _KINDS.values():
        counts.update({(name, kind, what): number for what, number in getattr(numbers, kind).items()})
    return counts


def _run(events, table):
    """Events of two workers, one after the other; reports get through or not, and the last ones do."""
    workers = [SourceSenders("udp"), SourceSenders("tcp")]
    now = 0.0

    def report(worker, *, through):
        worker.report(lambda changes: bool(table.hear(changes, now)) if through else False, INTERPRETER)

    for number, (event, *arguments) in enumerate(events):
        worker, now = workers[number % 2], now + 0.3
        if event == "report":
            report(worker, through=arguments[0])
        else:
            getattr(worker, event)(*arguments)
    for worker in workers:
        report(worker, through=True)


@given(st.lists(_EVENTS, max_size=60))
def test_reports_of_all_workers_add_up_to_what_was_counted(events):
    table = SenderTable()
    _run(events, table)
    found = sum((_numbers(sender.name, sender.numbers) for sender in table), Counter())

    assert found == +_counted(events)


@given(st.lists(_EVENTS, max_size=60), st.integers(1, 6), st.integers(1, 6))
def test_sums_stay_when_there_is_no_room_for_all_senders(events, changes, rows):
    table = SenderTable(limit=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(senders, "LIMIT", changes)
        _run(events, table)
    found = sum((_numbers("", sender.numbers) for sender in table), _numbers("", table.others))
    counted = Counter()
    for (_, *what), number in _counted(events).items():
        counted["", *what] += number

    assert +found == counted
    assert len(table) <= rows


@pytest.mark.parametrize("form", ["traditional", "json"], ids=["lean", "full"])
@settings(max_examples=60)
@given(batches=st.lists(BATCHES, max_size=3))
def test_marks_and_charsets_are_those_of_the_counters_and_of_the_right_peers(form, batches):
    routes = [{"select": "*.*", "to": {"file": "FOLDER/all", "format": form}}]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        rig = Rig(plan_of(Path(name), routes), patch)
        known = set()
        for frames, peers in batches:
            named = list(islice(peers, len(frames)))
            rig.take(frames, named)
            known |= set(map(sender_of, named))
        rig.close()
        totals = rig.board.totals()
    table = SenderTable()
    rig.senders.report(lambda changes: bool(table.hear(changes, 0.0)), INTERPRETER)
    every = [*(sender.numbers for sender in table), table.others]

    for kind, counter, label in (
        ("problems", "marked_messages", "mark"),
        ("charsets", "charset_messages", "charset"),
    ):
        found = sum((Counter(getattr(numbers, kind)) for numbers in every), Counter())
        assert found == +Counter(by_label(totals, counter, label))
    assert {sender.name for sender in table} <= known
