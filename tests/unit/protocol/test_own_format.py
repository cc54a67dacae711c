from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from collector.batch import Fix
from collector.protocol.columns import COLUMNS
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.own_format import own_format
from collector.protocol.parsers.scan import FULL_3164
from collector.templates import compile_template

RECEIVED = datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
PEER = "192.0.2.7:4428"
INTERPRETER = Interpreter(ZoneInfo("Asia/Tokyo"), HostMap({}), 86_400.0)
LINE = "<38>Feb  3 17:09:09 gate sshd[411]: Failed 100% 着信"


STRUCTURED = '<38>1 2026-02-03T17:09:09+09:00 gate sshd 411 - [a@1 b="x" b="\\"y\\""] Failed'


def form_of(text):
    return own_format(compile_template(text, allowed=COLUMNS))


def written(text, *lines):
    pairs = [(FULL_3164.findall(line + "\n")[0], PEER) for line in lines]
    assert all(row[0] for row, _ in pairs)
    return form_of(text)(pairs, INTERPRETER.moment(RECEIVED)).decode()


def written_odd(text, line, fix=None):
    odd = INTERPRETER.read(line, fix, PEER, RECEIVED)
    return form_of(text)([(odd, PEER)], INTERPRETER.moment(RECEIVED)).decode()


TEXTS = [
    ("{{ hostname }}: {{ message }}", "gate: Failed 100% 着信"),
    ("{{ timestamp }} {{ received_at }}", "2026-02-03T17:09:09+09:00 2026-02-03T17:09:10+09:00"),
    ("{{ facility }}.{{ severity }} {{ pri }}", "auth.info 38"),
    ("{{ app_name }}[{{ proc_id }}]{{ msg_id }}", "sshd[411]"),
    ("{{ peer }} {{ charset }} {{ time_source }}", "192.0.2.7:4428 utf-8 sender"),
    ("{{ line }}", LINE[4:]),
    ("{{ raw }}", LINE),
    ("{{ message }}{{ message }}", "Failed 100% 着信" * 2),
    ("100% %b %s %% %(x)s {{ hostname }}%", "100% %b %s %% %(x)s gate%"),
    ("no field", "no field"),
    ("", ""),
    ("{{ message | upper }}", "FAILED 100% 着信"),
    ("{{ timestamp | date('%H:%M') }} {{ hostname }}", "17:09 gate"),
    ("{% if proc_id %}[{{ proc_id }}]{% endif %}{{ msg_id | default('-') }}", "[411]-"),
    ("{{ structured_data }}", "{}"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_template_writes_a_line_per_row(text, expected):
    assert written(text, LINE, LINE) == f"{expected}\n" * 2


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_record_is_written_as_a_row_of_the_fast_parser_is(text, expected):
    assert written_odd(text, LINE) == f"{expected}\n"


@pytest.mark.parametrize("text", ["{{ structured_data }}", "{% if 1 %}{{ structured_data }}{% endif %}"])
def test_what_has_items_is_written_as_json(text):
    assert written_odd(text, STRUCTURED) == '{"a@1":{"b":["x","\\"y\\""]}}\n'


@pytest.mark.parametrize("text", ["{{ message }}", "{{ message | trim }}"])
def test_a_message_cannot_forge_a_line(text):
    fix = Fix("<38>Feb  3 17:09:09 gate su: a\n<34>Feb  3 17:09:09 gate su: b", "ascii", ())
    line = "<38>Feb  3 17:09:09 gate su: a#012<34>Feb  3 17:09:09 gate su: b"

    assert written_odd(text, line, fix) == "a#012<34>Feb  3 17:09:09 gate su: b\n"


@pytest.mark.parametrize("text", ["{{ message | replace(' ', '\\n') }}", "{{ message }}{{ '\\n' }}x"])
def test_neither_can_the_template(text):
    assert written(text, LINE).count("\n") == 1
    assert "#012" in written(text, LINE)


def test_a_template_that_cannot_be_filled_loses_no_message():
    text = written("{{ structured_data.a.b }} {{ message }}", LINE)

    assert text.startswith("[the template cannot be filled: ")
    assert "message=Failed 100% 着信" in text
    assert text.count("\n") == 1


def test_nothing_is_written_for_no_rows():
    assert written("{{ message }}") == written("{{ message | trim }}") == ""
