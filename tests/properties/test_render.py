"""Formats: the fast half and the other say the same, and whatever was received, a row is one line and hides nothing."""

import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hot_lines import BATCHES, FRAMES, LINES
from hypothesis import given
from hypothesis import strategies as st
from pipeline_rig import Rig, plan_of

from collector.protocol.charset import Charsets
from collector.protocol.columns import COLUMNS
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.own_format import own_format
from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.context import sender_of
from collector.protocol.parsers.scan import FULL_3164, FULL_5424
from collector.protocol.render import FORMATS, as_json, json_line, rfc5424_line
from collector.templates import compile_template

RECEIVED = datetime(2026, 2, 3, 8, 9, 10, 250000, tzinfo=UTC)
PEER = "192.0.2.7:4428"
KEYS = [
    "timestamp", "received_at", "facility", "severity", "hostname", "app_name", "proc_id", "msg_id", "structured_data",
    "message", "peer", "charset", "time_source", "marks", "fields",
]  # fmt: skip
TEMPLATES = {
    "short": "{{ timestamp }} {{ hostname }}: {{ app_name }}[{{ proc_id }}] {{ message }}",
    "long": "{{ received_at | date('%H:%M') }} {{ message | upper }} {{ structured_data }} {{ line }} {{ raw }}",
    "forged": "{{ message | replace(' ', '\\n') }}",
}
FORMS = FORMATS | {
    name: own_format(compile_template(text, allowed=COLUMNS)) for name, text in TEMPLATES.items() if name != "forged"
}

INTERPRETER = Interpreter(ZoneInfo("Asia/Tokyo"), HostMap({}), None)
NORMALISER = Normaliser(Charsets(), HostMap({}))
HIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def odd_of(frame):
    return INTERPRETER.read(*NORMALISER.one(frame, PEER), PEER, RECEIVED)


FRAMES_WITH_TEXT = FRAMES.filter(bool)


@given(LINES)
def test_both_halves_of_a_format_write_the_same(line):
    moment = INTERPRETER.moment(RECEIVED)
    odd = INTERPRETER.read(line, None, PEER, RECEIVED)
    rows = [row for pattern in (FULL_3164, FULL_5424) if (row := pattern.findall(line + "\n")[0])[0]]
    for name, form in FORMS.items():
        for row in rows:
            assert (name, form([(row, PEER)], moment)) == (name, form([(odd, PEER)], moment))


@given(st.lists(FRAMES_WITH_TEXT, max_size=5))
def test_rows_are_written_one_after_the_other(frames):
    moment = INTERPRETER.moment(RECEIVED)
    pairs = [(odd_of(frame), PEER) for frame in frames]
    for form in FORMS.values():
        assert form(pairs, moment) == b"".join(form([pair], moment) for pair in pairs)


@given(FRAMES_WITH_TEXT)
def test_a_json_line_is_the_record_under_the_documented_names(frame):
    record = odd_of(frame).record
    line = json_line(record)

    assert line.endswith("}\n")
    assert list(json.loads(line)) == KEYS
    assert json.loads(line) == json.loads(json.dumps(as_json(record)))


@given(LINES)
def test_a_json_line_of_a_fast_row_is_the_one_json_would_write(line):
    moment = INTERPRETER.moment(RECEIVED)
    record = INTERPRETER.read(line, None, PEER, RECEIVED).record
    rows = [row for pattern in (FULL_3164, FULL_5424) if (row := pattern.findall(line + "\n")[0])[0]]
    expected = json.dumps(as_json(record), ensure_ascii=False, separators=(",", ":")) + "\n"
    assert [FORMATS["json"]([(row, PEER)], moment).decode() for row in rows] == [expected] * len(rows)


@given(FRAMES_WITH_TEXT)
def test_an_rfc5424_line_reads_back_as_the_record(frame):
    record = odd_of(frame).visible
    again = parse(rfc5424_line(record)[:-1], Context(RECEIVED, UTC, PEER, "utf-8", None))

    assert (again.pri, again.timestamp) == (record.pri, record.timestamp)
    assert again.hostname == (_header_field(record.hostname) or sender_of(PEER))
    assert [again.app_name, again.proc_id, again.msg_id] == [
        _header_field(value) for value in (record.app_name, record.proc_id, record.msg_id)
    ]
    assert again.structured_data == record.structured_data
    assert again.message == record.message.removeprefix("\ufeff")


def _header_field(value):
    """A field of the header can hold no blank, and a hyphen alone stands for none (RFC 5424 §6)."""
    return None if value in {None, "-"} else "_".join(value.split()) or None


@given(st.lists(BATCHES, max_size=3))
def test_no_format_writes_a_control_character_or_two_lines_for_a_row(batches):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as monkeypatch:
        routes = [
            {"select": "*.*", "to": {"file": f"FOLDER/{form}", "format": form}} for form in (*FORMATS, *TEMPLATES)
        ]
        rig = Rig(plan_of(name, routes, templates=TEMPLATES), monkeypatch)
        rows = sum(rig.take(frames, peers) for frames, peers in batches)
        rig.close()

        for path in Path(name).iterdir():
            text = path.read_bytes().decode()
            assert (path.name, HIDDEN.findall(text)) == (path.name, [])
            assert (path.name, text.count("\n")) == (path.name, rows)
