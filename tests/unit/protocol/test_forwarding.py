from datetime import UTC, datetime

import pytest

from collector.protocol.forwarding import pri_before, wants_pri
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.own_format import line_format
from collector.protocol.parsers.scan import FULL_3164, FULL_5424
from collector.protocol.render import traditional

NOW = datetime(2026, 2, 3, 17, 9, 10, tzinfo=UTC)
INTERPRETER = Interpreter(UTC, HostMap({}), None)
TEMPLATES = {"short": "{{ message }}", "own": "<{{ pri }}>{{ message }}", "wide": " <{{pri}}>1 {{ message }}"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("traditional", True), ("rfc5424", False), ("raw", False), ("json", False), ("short", True), ("own", False),
        ("wide", False),
    ],
)  # fmt: skip
def test_the_pri_is_put_before_formats_that_do_not_begin_with_it(name, wanted):
    assert wants_pri(name, TEMPLATES) == wanted


def pairs():
    old = FULL_3164.findall("<34>Feb  3 17:09:09 gate su: text\n")[0]
    new = FULL_5424.findall("<165>1 2026-02-03T17:09:09Z dc01 app 7 - - text\n")[0]
    odd = INTERPRETER.read("no header at all", None, "192.0.2.7:514", NOW)
    return [(old, None), (odd, "192.0.2.7:514"), (new, None)]


def test_each_line_begins_with_the_pri_of_its_message():
    assert pri_before(traditional)(pairs(), INTERPRETER.moment(NOW)).split(b"\n") == [
        b"<34>Feb  3 17:09:09 gate su: text",
        b"<13>Feb  3 17:09:10 192.0.2.7 no header at all",
        b"<165>Feb  3 17:09:09 dc01 app[7]: text",
        b"",
    ]


def test_also_in_a_format_of_ones_own():
    form = pri_before(line_format("{{ hostname }}|{{ message }}"))

    assert form(pairs(), INTERPRETER.moment(NOW)) == b"<34>gate|text\n<13>192.0.2.7|no header at all\n<165>dc01|text\n"
