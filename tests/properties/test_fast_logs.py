"""Whole blocks of a log are read at once; what comes of it is what reading them row by row gives."""

import json
from datetime import UTC, datetime

import pytest
from check_rules_rig import INTERPRETER, read_live
from hot_lines import FRAMES, LINES
from hypothesis import given
from hypothesis import strategies as st

from collector.protocol.render import json_line
from collector.protocol.timestamp import parse_iso
from collector.service.check_rules import json_scan
from collector.service.check_rules.json_row import row_of
from collector.service.check_rules.json_scan import rows_of
from collector.service.check_rules.runs import Runs
from collector.service.check_rules.shapes import shape_of
from collector.service.check_rules.stamps import StampTimes
from collector.service.check_rules.virtual_clock import VirtualClock, is_used
from collector.service.check_rules.wanted import Wanted
from collector.service.check_rules.wire import _skewed
from collector.service.watching.shown import Shown

DAY = 86_400.0
RECEIVED = datetime(2026, 10, 11, 22, 14, 16, 250_000, tzinfo=UTC)
TIMES = st.lists(st.none() | st.integers(-200_000, 400_000).map(float), max_size=20)


def runs_of(values):
    ends = [place for place in range(1, len(values) + 1) if values[place : place + 1] != values[place - 1 : place]]
    return Runs(ends, [values[end - 1] for end in ends])


# --- runs -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2), max_size=20))
def test_runs_are_the_sequence_they_stand_for(values):
    runs = runs_of(values)
    assert list(runs) == values
    assert len(runs) == len(values)
    assert [runs[place] for place in range(-len(values), len(values))] == values * 2
    assert runs[1:-1] == values[1:-1]
    assert list(runs.map(str)) == list(map(str, values))
    with pytest.raises(IndexError):
        runs[len(values)]


@given(st.lists(TIMES, max_size=4))
def test_the_clock_reads_runs_as_the_rows_they_stand_for(blocks):
    one, other = VirtualClock(5.0), VirtualClock(5.0)
    for times in blocks:
        found, wanted = one.arrivals(runs_of(times)), other.arrivals(times)
        assert list(found) == list(wanted)
        assert _skewed(runs_of(times), found) == slowly_skewed(times, wanted)
        assert _skewed(times, wanted) == slowly_skewed(times, wanted)


def slowly_skewed(times, arrivals):
    return sum(time is not None and not is_used(time, arrival) for time, arrival in zip(times, arrivals, strict=True))


# --- stamps -----------------------------------------------------------------------------------------------------------


@given(st.lists(LINES, min_size=1, max_size=9))
def test_stamps_are_found_run_by_run_as_row_by_row(lines):
    text = "".join(f"{line}\n" for line in ["<34>Feb  3 08:09:10 gate x: first", *lines]).encode()
    fast, slow = (shape_of(text, zoned=zoned).show(text) for zoned in (False, True))
    assert list(fast.stamps) == slow.stamps
    moment = INTERPRETER.moment(RECEIVED)
    assert list(StampTimes(INTERPRETER, moment).times(fast)) == StampTimes(INTERPRETER, moment).times(slow)


DAYS = st.integers(31_536_000, 4_000_000_000).map(lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}")
MOMENTS = DAYS.filter(lambda text: "-02-29" not in text)  # which is left to the tolerant parser
FRACTIONS = st.just("") | st.from_regex(r"\.[0-9]{1,6}", fullmatch=True)
OFFSETS = st.just("Z") | st.from_regex(r"[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]", fullmatch=True)


@given(st.lists(st.tuples(MOMENTS, FRACTIONS, OFFSETS), min_size=1, max_size=9))
def test_times_with_fractions_and_zones_are_added_up_exactly(parts):
    stamps, rests = [stamp.encode() for stamp, _, _ in parts], [(part + zone).encode() for _, part, zone in parts]
    found = StampTimes(INTERPRETER, INTERPRETER.moment(RECEIVED)).times(stamped(stamps, rests))
    assert found == [parse_iso("".join(one), UTC).timestamp() for one in parts]


def stamped(stamps, rests):
    text = b"".join(b"<34>1 %b%b gate x - - - y\n" % pair for pair in zip(stamps, rests, strict=True))
    return shape_of(text, zoned=False).show(text)


# --- records ----------------------------------------------------------------------------------------------------------

RECORDS = FRAMES.filter(bool).map(lambda frame: json_line(read_live_bytes(frame)).encode()[:-1])
_PIECES = [
    b'"', b"\\", b'\\"', b"{", b"}", b",", b":", b"[", b"]", b"null", b" ", b"\t", b"5", b"x", b"\xff", b"\xc2\x85",
    b"#123", b'"peer":null', b'","peer":"', b'"message":"x",', b'"fields":{}', b"\\u0041", b"\\ud800", "着".encode(),
    b"true",
]  # fmt: skip
VALUES = st.sampled_from(
    [
        None, "", "x", 5, [], {}, "a b", "C:\\x", 'a "b"', "#123", "\n", "\ud800", "2026-10-11T22:14:15Z", "yesterday",
        "2026-13-11T22:14:15Z", "2026-02-30T22:14:15", "auth", "info", ["no_pri"], {"a": {"b": "c"}},
        {"a": {"b": ["c"]}}, {"Channel": "Security", "EntryType": "audit_failure"},
        {"Channel": "x", "EntryType": []}, "unknown", "arrival",
    ]
)  # fmt: skip
KEYS = (
    "timestamp", "received_at", "facility", "severity", "hostname", "app_name", "proc_id", "msg_id", "structured_data",
    "message", "peer", "charset", "time_source", "marks", "fields",
)  # fmt: skip


def read_live_bytes(frame):
    return read_live(bytes(frame).decode("latin-1"), RECEIVED).record


def damaged(record, at, gone, new):
    at %= len(record) + 1
    return (record[:at] + new + record[at + gone :]).replace(b"\n", b"")


def changed(record, key, value, spaced):
    row = json.loads(record) | {key: value}
    return json.dumps(row, ensure_ascii=value != "着", separators=None if spaced else (",", ":")).encode()


RECORD_LINES = st.one_of(
    RECORDS,
    st.builds(damaged, RECORDS, st.integers(0, 600), st.integers(0, 3), st.sampled_from(_PIECES)),
    st.builds(changed, RECORDS, st.sampled_from(KEYS), VALUES, st.booleans()),
)


@given(st.lists(RECORD_LINES, min_size=1, max_size=6))
def test_records_are_read_together_as_they_are_alone(lines):
    assert rows_of(b"".join(line + b"\n" for line in lines)) == list(map(row_of, lines))


USUAL = (
    b'{"timestamp":"2026-10-11T22:14:15Z","received_at":"2026-10-11T22:14:16.5Z","facility":"auth","severity":"info",'
    b'"hostname":"gate","app_name":"su","proc_id":"7","msg_id":null,"structured_data":{},"message":"hello",'
    b'"peer":"192.0.2.7:4428","charset":"ascii","time_source":"sender","marks":[],"fields":{}}'
)
NTSYSLOG = b'"fields":{"Channel":"Security","EntryType":"audit_failure"}'


@pytest.mark.parametrize(
    "changes",
    [
        {b"hello": b" hello"}, {b"hello": b""}, {b"hello": b"a\tb"}, {b"hello": b"a\nb #123"}, {b"hello": b"#123"},
        {b"hello": b"#12"}, {b"hello": b'say \\"x\\"'}, {b"hello": b"C:\\\\"}, {b"hello": b'a\\\\"b'},
        {b"hello": b"a\\"}, {b"hello": b"\\u0007 \\ud800 \\udc85"}, {b"hello": b"a\x7fb"}, {b"hello": b"a\xc2\x85b"},
        {b"hello": b"\xff"}, {b"hello": "着信\u3000".encode()}, {b"gate": b"#123"}, {b"gate": b"g\\u0061te"},
        {b'"gate"': b"null"}, {b"su": b"#123"}, {b'"su"': b"null"}, {b'"7"': b"null"},
        {b"{}": b'{"a@1":{"b":"c","d":"e"},"f":{}}'}, {b"{}": b'{"a":{"b":["c"]}}'}, {b'"fields":{}': NTSYSLOG},
        {b'"fields":{}': NTSYSLOG, b'"7"': b"null"}, {b'"fields":{}': NTSYSLOG, b'"7"': b"null", b'"su"': b"null"},
        {b'"fields":{}': NTSYSLOG, b'"7"': b"null", b"hello": b""},
        {b'"fields":{}': b'"fields":{},"message":"other"'}, {b'"fields":{}': b'"fields":{},"hostname":"other"'},
        {b'"fields":{}': b'"fields":[]'}, {b'"fields":{}': b'"fields":{}}'}, {b'"marks":[]': b'"marks":["no_pri"]'},
        {b'"marks":[]': b'"marks":5'}, {b'"marks":[]': b'"marks":null'}, {b'"sender"': b'"arrival"'},
        {b'"sender"': b"null"}, {b'"ascii"': b'"unknown"', b"hello": b"a\\u001b#123"}, {b'"ascii"': b"null"},
        {b"22:14:15": b"22:14:17"}, {b"auth": b"nine"}, {b"10-11T22:14:15": b"13-11T22:14:15"},
        {b"10-11T22:14:15": b"02-30T22:14:15"}, {b"10-11T22:14:16": b"02-30T22:14:16"},
        {b'"2026-10-11T22:14:16.5Z"': b'""'}, {b"Z": b""}, {b"2026": b"202\\u0036"}, {b"hello": b"torn\n"},
        {b"hello": b"torn\n", b'"peer"': b'"hostname":"x'},
    ],
)  # fmt: skip
def test_a_record_among_others_is_read_as_it_is_alone(changes):
    changed = USUAL
    for old, new in changes.items():
        changed = changed.replace(old, new)
    lines = [USUAL, *changed.split(b"\n"), USUAL]
    found = rows_of(b"".join(line + b"\n" for line in lines))
    assert found == list(map(row_of, lines))
    assert found[0] == found[-1] is not None


def test_usual_records_are_read_together(monkeypatch):
    """Reading them alone takes ten times as long."""
    monkeypatch.setattr(json_scan, "row_of", None)
    lines = [json_line(read_live(line, RECEIVED).record) for line in ORDINARY]
    assert None not in rows_of("".join(lines).encode())


ORDINARY = [
    "<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob", "<38>Oct 11 22:14:15 gate su: x", "<38>no header",
    '<38>1 2026-10-11T22:14:15Z gate app 7 ID1 [x@1 a="b" c="d"][y] hello',
    '<38>Oct 11 22:14:15 gate app: "a" C:\\x #12', "<38>Oct 11 22:14:15 gate app: a\tb #123",
    "<135>Oct 11 22:14:15 gate security[failure] 529 着信", "<38>Oct 11 22:14:15 g x:",
]  # fmt: skip


# --- candidates -------------------------------------------------------------------------------------------------------


class Letters:
    """A prefilter whose needles are letters."""

    rules_of = ((0, 3), (1,), (1, 2), (4,))

    def __init__(self, residual):
        self.residual = residual

    @staticmethod
    def needles(text):
        return [(place + 1, b"abcd".index(letter)) for place, letter in enumerate(text) if letter in b"abcd"]


ROW = st.text("abcdx", max_size=4)
ROWS = st.lists(ROW, max_size=9)


@given(ROWS, st.dictionaries(st.integers(0, 8), ROW), st.sets(st.integers(0, 6)), st.booleans())
def test_rows_are_wanted_by_the_rules_whose_needles_they_hold(rows, read, unjudged, every):
    read = {number: line for number, line in sorted(read.items()) if number < len(rows)}
    prefilter = Letters(frozenset({5} & unjudged if every else {5}))
    shown = Shown("".join(f"{row}\n" for row in rows).encode(), [(n, f"{line}\n".encode()) for n, line in read.items()])
    found = list(Wanted(prefilter, frozenset(unjudged), every=every).rows(shown, len(rows)))
    always = prefilter.residual - unjudged
    wanted = []
    for number, row in enumerate(rows):
        needles = {"abcd".index(letter) for letter in row + read.get(number, "") if letter != "x"}
        rules = {rule for needle in needles for rule in prefilter.rules_of[needle]} - unjudged | always
        if rules or every:
            wanted.append((number, tuple(sorted(rules))))
    assert found == wanted
