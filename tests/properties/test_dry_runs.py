"""A dry run says what the engine says live: in one file or in many, compressed or not, of text or of JSON records."""

import bz2
import gzip
import json
import lzma
import re
import tempfile
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from check_rules_rig import NORMALISER, alerts_live, alerts_of, read_live, ways
from hot_lines import LINES
from hypothesis import given, settings
from hypothesis import strategies as st
from random_rules import as_yaml, events, rules

from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.render import json_line
from collector.service.check_rules.log_file import LogFile
from collector.service.check_rules.virtual_clock import VirtualClock

START = datetime(2026, 10, 11, 22, tzinfo=UTC).timestamp() - 1000
PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@st.composite
def logs(draw):
    """Lines, each with the time it names."""
    return [(line_of(event), START + event.time) for event in draw(events(most=40))]


def line_of(event):
    stamp = datetime.fromtimestamp(START + event.time, UTC).strftime("%b %e %H:%M:%S")
    app, process = event.fields["app_name"], event.fields["proc_id"]
    tag = f"{app}[{process}]" if process else app
    return f"<38>{stamp} {event.fields['hostname'] or 'nobody'} {tag}: {event.line}"


def arrivals_of(times):
    return [datetime.fromtimestamp(time, UTC) for time in accumulate(times, max)]


@settings(max_examples=40)
@given(rules(), logs())
def test_one_file_is_as_live(specs, log):
    text = as_yaml(specs)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log"
        path.write_text("".join(f"{line}\n" for line, _ in log))
        dry = alerts_of(text, path)
    arrivals = arrivals_of([time for _, time in log])
    assert dry == alerts_live(text, [(line, at) for (line, _), at in zip(log, arrivals, strict=True)])


@settings(max_examples=40)
@given(rules(), logs(), st.data())
def test_pieces_of_a_log_are_as_the_whole(specs, log, data):
    text = as_yaml(specs)
    newest = list(accumulate([time for _, time in log], max))
    places = [place for place in range(1, len(log)) if min(time for _, time in log[place:]) >= newest[place - 1]]
    cuts = sorted(data.draw(st.sets(st.sampled_from(places), max_size=4))) if places else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pieces = [
            written(folder, data.draw(st.sampled_from(list(PACK))), log[begin:end])
            for begin, end in pairwise([0, *cuts, len(log)])
        ]
        assert alerts_of(text, *pieces) == alerts_of(text, written(folder, "", log))


@settings(max_examples=40)
@given(rules(), logs(), st.data())
def test_lines_of_many_files_come_in_the_order_of_time(specs, log, data):
    text = as_yaml(specs)
    log = [(line_at(line, START + 20 * number), START + 20 * number) for number, (line, _) in enumerate(log)]
    places = data.draw(st.lists(st.integers(0, 3), min_size=len(log), max_size=len(log)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [[one for one, place in zip(log, places, strict=True) if place == number] for number in range(4)]
        paths = data.draw(st.permutations([written(folder, "", some) for some in files]))
        assert alerts_of(text, *paths) == alerts_of(text, written(folder, "", log))


def line_at(line, time):
    return f"{line[:4]}{datetime.fromtimestamp(time, UTC):%b %e %H:%M:%S}{line[19:]}"


def written(folder, ending, log):
    path = folder / f"{len(list(folder.iterdir()))}{ending}"
    path.write_bytes(PACK[ending]("".join(f"{line}\n" for line, _ in log).encode()))
    return path


@settings(max_examples=40)
@given(rules(), logs())
def test_records_are_as_the_lines_they_were(specs, log):
    text = as_yaml(specs)
    arrivals = arrivals_of([time for _, time in log])
    records = [read_live(line, at).record for (line, _), at in zip(log, arrivals, strict=True)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lines").write_text("".join(f"{line}\n" for line, _ in log))
        (folder / "json").write_text("".join(map(json_line, records)))
        assert alerts_of(text, folder / "json") == alerts_of(text, folder / "lines")


ZONES = [HostMap({}), HostMap({"gate": ZoneInfo("Asia/Tokyo")})]
FIRST = {
    "3164": "<34>Feb  3 08:09:10 gate x: first",
    "5424": "<34>1 2026-02-03T08:09:10Z gate x - - - first",
    "iso": "<34>2026-02-03T08:09:10Z gate x: first",
}
ISO = re.compile(r"<(\d+)>1 (\S+) (\S+) \S+ \S+ \S+ (?:- )?(.*)")


@settings(max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(ZONES), st.sampled_from(list(FIRST)))
def test_rows_are_read_as_the_tolerant_parser_reads_them(lines, zones, shape):
    interpreter = Interpreter(ZoneInfo("Europe/Berlin"), zones, None)
    if shape == "iso":  # what stands in files of rsyslog
        lines = [ISO.sub(r"<\1>\2 \3 \4", line) for line in lines]
    lines = [FIRST[shape], *(line for line in lines if line.strip() and NORMALISER.one(line.encode(), None)[0] == line)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log"
        path.write_text("".join(f"{line}\n" for line in lines))
        (block,) = LogFile(str(path), ways(interpreter=interpreter)).blocks()
        latest = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    shown = shown_lines(block)
    for number, line in enumerate(lines):
        odd, event = interpreter.read(line, None, None, latest), block.event(number)
        record = event.record()
        if odd.record.time_source != "sender":
            assert event.time == event.arrival
            continue
        assert (event.line, shown[number]) == (odd.line, f"<{odd.record.pri}>{odd.line}")
        used = record["time_source"] == "sender"
        assert event.time == (odd.record.timestamp.timestamp() if used else event.arrival)
        wanted = json.loads(json_line(odd.record))
        for name in wanted.keys() - {"received_at", "time_source", "marks", "fields"}:
            assert record[name] == wanted[name]


def shown_lines(block):
    lines = block.shown.text.decode().split("\n")[:-1]
    for number, line in block.shown.read:
        lines[number] = line.decode().rstrip("\n")
    return lines


@given(st.lists(st.none() | st.integers(0, 400_000).map(float), max_size=20), st.integers(0, 20))
def test_the_clock_never_goes_back_however_it_is_cut(times, cut):
    whole = VirtualClock(5.0).arrivals(times)
    assert whole == sorted(whole)
    assert len(whole) == len(times)
    clock = VirtualClock(5.0)
    pieces = [*clock.arrivals(times[:cut]), *clock.arrivals(times[cut:])]
    assert pieces == sorted(pieces)
