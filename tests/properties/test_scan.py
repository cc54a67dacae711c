"""What the fast parser reads, it reads as the tolerant one does; everything else it leaves alone."""

import base64
import json
import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hot_lines import LINES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.metrics import Board
from collector.protocol.columns import COLUMNS
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.scan import (
    FULL_3164,
    FULL_5424,
    LEAN_3164,
    LEAN_3164_HOST,
    LEAN_5424,
    LEAN_5424_HOST,
)
from collector.protocol.render import json_lines, rfc5424
from collector.protocol.visible import is_clean
from collector.routing.table import RouteTable
from collector.service import ledger
from collector.service.lean import Lean
from collector.service.meter import Meter
from collector.service.odd import OddReader

RECEIVED = datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
PEER = "192.0.2.7:4428"
PRIS = {str(pri) for pri in range(192)}
CASES = Path(__file__).parents[3] / "shared" / "data" / "syslog_cases.jsonl"
VECTORS = Path(__file__).parents[1] / "vectors"
ZONES = HostMap({"gate": ZoneInfo("America/New_York"), "192.0.2.0/24": UTC})
INTERPRETERS = {
    "as run does it": Interpreter(ZoneInfo("Asia/Tokyo"), HostMap({}), 86_400.0),
    "trusting every stamp": Interpreter(ZoneInfo("Europe/Berlin"), HostMap({}), None),
    "zones of hosts": Interpreter(ZoneInfo("Asia/Tokyo"), ZONES, 86_400.0),
}


def lean_line(row):
    """The traditional line, with its LF, that the lean way makes of a row of its patterns."""
    if len(row) == 3:
        return row[1]
    layout = ledger.layout([], {}, [])
    meter = Meter(Board(layout, 1).slot(0), layout)
    lean = Lean(RouteTable([], 0), [], OddReader(INTERPRETERS["as run does it"], meter))
    return lean._line(*row)


def disagreements(line):
    """What the two ways say differently of a clean line: a list of (what, fast, tolerant)."""
    odd = INTERPRETERS["as run does it"].read(line, None, PEER, RECEIVED)
    found = []
    for pattern in (LEAN_3164, LEAN_5424):
        [row] = pattern.findall(line.encode() + b"\n")
        if row[0].decode() in PRIS:
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


@settings(max_examples=400)
@given(LINES)
@example("<34>Feb  3 08:09:10 Forwarded from gate: text")
@example("<34>Feb  3 08:09:10 UTC-0900 gate su: text")
@example("<34>Feb 30 01:02:03 gate su: text")
@example(f"<34>Feb  3 08:09:10 gate x[{'9' * 129}]: text")
@example("<34>Feb  3 08:09:10 gate app[info] \ufefftext")
@example("<34>Feb  3 08:09:10 WEB 2026 text")
@example("<34>Feb  3 08:09:10 CET text")
@example("<34>Oct 11 22:14:15 gate su: a stamp far from the clock")
def test_what_is_read_fast_is_read_as_the_tolerant_way_reads_it(line):
    assert disagreements(line) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (LEAN_3164, b"<135>Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM x"),
        (LEAN_3164, "<13>Oct  1 00:00:00 WEB 着信".encode()),
        (LEAN_3164, b"<0>Oct 01 00:00:00 192.0.2.7 two plain words"),
        (LEAN_5424, b'<34>1 2026-02-03T08:09:10.5+09:00 gate app - - [a b="\\]"][c] text'),
        (LEAN_5424, b"<34>1 2026-02-28T23:59:59Z gate - - - - text"),
        (FULL_3164, "<135>Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM 着信"),
        (FULL_3164, "<38>Oct 11 22:14:15 gate sshd[411]: text"),
        (FULL_3164, "<38>Oct 11 22:14:15 gate su:"),
        (FULL_3164, "<38>Oct 11 22:14:15 gate two plain words"),
        (FULL_5424, "<34>1 2026-02-03T08:09:10.123456Z gate app 411 ID47 - text"),
    ],
)
def test_what_is_usual_is_read_fast(pattern, line):
    [row] = pattern.findall(line + (b"\n" if isinstance(line, bytes) else "\n"))
    assert not row[-1]


def case_lines():
    """Our own vectors and, when they are there, the peers' cases, as lines."""
    for form in ("rfc3164", "rfc5424", "vendor"):
        for text in (VECTORS / f"{form}.jsonl").read_text(encoding="utf-8").splitlines():
            yield from json.loads(text)["text"].encode(errors="surrogatepass").split(b"\n")
    if CASES.exists():
        for text in CASES.read_text(encoding="utf-8").splitlines():
            yield from base64.b64decode(json.loads(text)["raw_b64"]).split(b"\n")


def test_vectors_and_peers_cases_are_read_alike():
    lines = [line.decode() for line in case_lines() if line and is_clean(line)]
    assert len(lines) > 100
    assert {line: found for line in lines if (found := disagreements(line))} == {}


@given(st.lists(LINES, min_size=1, max_size=8))
def test_a_line_gives_the_same_row_in_a_batch_as_alone(lines):
    ended = [line + "\n" for line in lines]
    for pattern in (FULL_3164, FULL_5424):
        assert pattern.findall("".join(ended)) == [pattern.findall(line)[0] for line in ended]
    for pattern in (LEAN_3164, LEAN_5424):
        assert pattern.findall("".join(ended).encode()) == [pattern.findall(line.encode())[0] for line in ended]


@given(st.lists(LINES, min_size=1, max_size=4))
def test_a_line_that_is_not_read_comes_back_whole(lines):
    for pattern, line in product((FULL_3164, FULL_5424), lines):
        *fields, odd = pattern.findall(line + "\n")[0]
        assert (odd == line + "\n" and not any(fields)) or (odd == "" and fields[1] in line + "\n")


PATTERNS = {
    "lean 3164": LEAN_3164,
    "lean 3164 with host": LEAN_3164_HOST,
    "lean 5424": LEAN_5424,
    "lean 5424 with host": LEAN_5424_HOST,
    "full 3164": FULL_3164,
    "full 5424": FULL_5424,
}


def rows_of(pattern, lines):
    text = "".join(line + "\n" for line in lines)
    return pattern.findall(text if isinstance(pattern.pattern, str) else text.encode())


def with_a_way_back(pattern):
    """The same without possessive quantifiers."""
    if isinstance(pattern.pattern, str):
        return re.compile(re.sub(r"([*+?}])\+", r"\1", pattern.pattern), pattern.flags)
    return re.compile(re.sub(rb"([*+?}])\+", rb"\1", pattern.pattern), pattern.flags)


@pytest.mark.parametrize("name", PATTERNS)
@settings(max_examples=200)
@given(st.lists(LINES, min_size=1, max_size=4))
def test_no_line_needs_a_way_back(name, lines):
    pattern = PATTERNS[name]
    patient = with_a_way_back(pattern)
    assert pattern.pattern != patient.pattern
    assert rows_of(pattern, lines) == rows_of(patient, lines)


@given(st.lists(LINES, min_size=1, max_size=4))
def test_patterns_with_a_host_read_what_those_without_do(lines):
    assert [(row[0], row[1], row[3]) for row in rows_of(LEAN_3164_HOST, lines)] == rows_of(LEAN_3164, lines)
    assert [(*row[:2], *row[3:]) for row in rows_of(LEAN_5424_HOST, lines)] == rows_of(LEAN_5424, lines)
