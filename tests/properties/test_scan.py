"""What the fast parser reads, it reads as the tolerant one does; everything else it leaves alone."""

from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hot_lines import DATA, FIELDS, HOSTS, LINES, STAMPS, STAMPS_5424, TEXTS
from hypothesis import example, given
from hypothesis import strategies as st

from collector.metrics import Board
from collector.protocol.columns import COLUMNS
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.scan import FULL_3164, FULL_5424, LEAN_3164, LEAN_5424
from collector.protocol.render import json_lines, rfc5424
from collector.protocol.visible import is_clean
from collector.routing.table import RouteTable
from collector.service import ledger
from collector.service.lean import Lean
from collector.service.meter import Meter
from collector.service.odd import OddReader

RECEIVED = datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
PEER = "192.0.2.7:4428"
ZONES = HostMap({"gate": ZoneInfo("America/New_York"), "192.0.2.0/24": UTC})
INTERPRETERS = {
    "as run does it": Interpreter(ZoneInfo("Asia/Tokyo"), HostMap({}), 86_400.0),
    "trusting every stamp": Interpreter(ZoneInfo("Europe/Berlin"), HostMap({}), None),
    "zones of hosts": Interpreter(ZoneInfo("Asia/Tokyo"), ZONES, 86_400.0),
}


def lean_line(row):
    """The traditional line that the lean way makes of a row of its patterns."""
    if len(row) == 3:
        return row[1]
    layout = ledger.layout([], [], [])
    meter = Meter(Board(layout, 1).slot(0), layout)
    lean = Lean(RouteTable([], 0), [], OddReader(INTERPRETERS["as run does it"], meter))
    return lean._line(*row)


def disagreements(line):
    """What the two ways say differently of a clean line: a list of (what, fast, tolerant)."""
    odd = INTERPRETERS["as run does it"].read(line, None, PEER, RECEIVED)
    found = []
    for pattern in (LEAN_3164, LEAN_5424):
        [row] = pattern.findall(line.encode() + b"\n")
        if row[0]:
            found += [
                ("pri", int(row[0]), odd.record.pri),
                ("lean line", lean_line(row), odd.line.encode() + b"\n"),
            ]
    for (name, interpreter), pattern in product(INTERPRETERS.items(), (FULL_3164, FULL_5424)):
        [row] = pattern.findall(line + "\n")
        if row[0]:
            found += [(f"{field}, {name}", *values) for field, *values in full_values(interpreter, line, row)]
    return [(what, fast, tolerant) for what, fast, tolerant in found if fast != tolerant]


def full_values(interpreter, line, row):
    moment = interpreter.moment(RECEIVED)
    pairs = (row, PEER), (interpreter.read(line, None, PEER, RECEIVED), PEER)
    for field, column in COLUMNS.items():
        yield field, *(column(pair, moment) for pair in pairs)
    for form in (json_lines, rfc5424):
        yield form.__name__, *(form([pair], moment) for pair in pairs)


@given(LINES)
@example("<34>Feb  3 08:09:10 Forwarded from gate: text")
@example("<34>Feb  3 08:09:10 UTC-0900 gate su: text")
@example("<34>Feb 30 01:02:03 gate su: text")
@example(f"<34>Feb  3 08:09:10 gate x[{'9' * 129}]: text")
@example("<34>Feb  3 08:09:10 gate app[info] \ufefftext")
def test_what_is_read_fast_is_read_as_the_tolerant_way_reads_it(line):
    assert disagreements(line) == []


@given(st.lists(LINES, min_size=1, max_size=8))
def test_every_line_of_a_batch_gives_one_row_and_none_is_lost(lines):
    text = "".join(line + "\n" for line in lines)
    for pattern in (LEAN_3164, LEAN_5424):
        assert [row[-1] for row in pattern.findall(text.encode()) if not row[0]] == [
            line.encode() + b"\n" for line in lines if not pattern.findall(line.encode() + b"\n")[0][0]
        ]
        assert len(pattern.findall(text.encode())) == len(lines)
    for pattern in (FULL_3164, FULL_5424):
        assert pattern.findall(text) == [pattern.findall(line + "\n")[0] for line in lines]
