import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.batch import Fix
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.scan import FULL_3164, FULL_5424, looks_5424
from collector.protocol.render import json_lines
from collector.rules.event import Event, time_of

RECEIVED = datetime(2026, 10, 11, 22, 14, 20, tzinfo=UTC)
LINES = [
    "<38>Oct 11 22:14:15 gate sshd[411]: Failed password for root from 192.0.2.7",
    '<38>Oct 11 22:14:15 gate sshd: "quoted" \\ and\ttab',
    "<38>Oct 11 22:14:15 gate plain words without a tag",
    "<135>Oct 11 22:14:15 atropos security[success] 861 NT AUTHORITY\\SYSTEM \u65e5\u672c",
    "<38>1 2026-10-11T22:14:15.5+09:00 gate sshd 411 ID47 - Failed password",
    "<38>1 2026-10-11T22:14:15Z gate - - - - x",
]
ODD = [
    '<38>1 2026-10-11T22:14:15Z gate sshd 411 - [a@1 b="c"] Failed',
    "no PRI at all",
    "<38>Oct 11 22:14:15 gate: cisco",
]


def event_of(line, fix=None, *, zone=UTC, max_skew=86_400.0, arrival=None):
    interpreter = Interpreter(zone, HostMap({}), max_skew)
    moment = interpreter.moment(RECEIVED, line)
    pattern = FULL_5424 if looks_5424(line.encode()) else FULL_3164
    row = pattern.findall(line + "\n")[0]
    if fix or not row[0]:
        row = interpreter.read(line, fix, "192.0.2.1:514", RECEIVED)
    pair = (row, "192.0.2.1:514")
    return Event(pair, moment, RECEIVED.timestamp() if arrival is None else arrival, "udp"), pair, moment


@pytest.mark.parametrize("line", [*LINES, *ODD])
def test_its_record_is_what_a_json_file_shows(line):
    event, pair, moment = event_of(line)
    shown = json.loads(json_lines([pair], moment))
    assert {**event.record(), "fields": {}} == {**shown, "fields": {}}
    assert json.loads(json.dumps(event.record()))["message"] == event.message


@pytest.mark.parametrize("line", [*LINES, *ODD])
def test_both_ways_of_reading_a_line_make_the_same_event(line):
    fast = event_of(line)[0]
    slow = event_of(line, Fix(line, "ascii" if line.isascii() else "utf-8", ()))[0]
    assert fast.line == slow.line
    assert fast.time == slow.time
    assert fast.record() == slow.record()
    for name in ("app_name", "hostname", "severity", "facility", "proc_id", "message", "timestamp", "shape", "peer"):
        assert fast.value(name) == slow.value(name)


def test_values_are_text_or_numbers():
    event = event_of(LINES[4])[0]
    assert event.value("timestamp") == "2026-10-11T22:14:15.500+09:00"
    assert event.value("pri") == 38
    assert event.value("structured_data") == "{}"
    assert event.value("shape") == "Failed password"
    assert event.value("Nothing") is None
    assert event.field("timestamp").year == 2026


def test_what_a_payload_holds_has_the_names_of_windows():
    event = event_of(LINES[3])[0]
    assert event.value("EventID") == 861
    assert event.field("fields")["EventID"] == 861
    assert event.record()["fields"]["EventID"] == 861


def test_its_time_is_the_senders():
    assert event_of(LINES[0])[0].time == RECEIVED.timestamp() - 5
    assert event_of(LINES[4])[0].time == (RECEIVED - timedelta(hours=9, seconds=4.5)).timestamp()
    assert (
        event_of(LINES[0], zone=ZoneInfo("Asia/Tokyo"))[0].time
        == (RECEIVED - timedelta(hours=9, seconds=5)).timestamp()
    )


@pytest.mark.parametrize("line", [LINES[0], ODD[0]])
def test_a_stamp_that_is_too_far_off_is_not_used(line):
    assert event_of(line, max_skew=1.0)[0].time == RECEIVED.timestamp()


def test_nothing_is_sent_after_it_has_arrived():
    event, pair, moment = event_of(LINES[0], arrival=RECEIVED.timestamp() - 60)
    assert event.time == event.arrival
    assert time_of(pair, moment) == RECEIVED.timestamp() - 5
