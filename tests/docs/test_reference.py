"""The hand-written tables of docs/configuration.md name what the code has: no more, no less."""

import re
from datetime import UTC, datetime

import pytest
from docs.pages import ROOT

from collector.batch import Record
from collector.metrics import UNKNOWN
from collector.protocol.charset import Charsets
from collector.protocol.framing import FRAMERS
from collector.protocol.render import FORMATS, as_json
from collector.routing.clauses import OF_LINE
from collector.routing.matching import FLAGS, MODIFIERS
from collector.service import exposition, ledger, queues
from collector.service.account import as_json as counters_as_json
from collector.service.meter import OTHER
from collector.service.naming.names import LOOKUPS
from collector.service.rotating.rotation import KEYS as ROTATION_KEYS
from collector.service.workers import HANGS, RESTARTS
from collector.sinks import SINKS
from collector.templates import _ENVIRONMENT

PAGE = (ROOT / "docs/configuration.md").read_text()


def table(marker):
    return re.search(rf"<!-- {marker} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)[1]


def named(marker):
    """What the first column of a table has between backticks."""
    return [name for line in table(marker).splitlines() for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])]


def layout():
    keys = ledger.layout(["udp x"], {kind: kind for kind in SINKS}, []).keys
    return [*keys, *queues.keys(["udp x"]), RESTARTS, HANGS, *LOOKUPS.values(), *ROTATION_KEYS, UNKNOWN]


def reasons(counter):
    return {
        text for key in layout() if key.name == counter for label, text in key.labels
        if label in ("reason", "mark", "charset") and text != OTHER
    }  # fmt: skip


def test_every_counter_has_its_row_and_every_row_its_counter():
    tables = [name for part in ("messages", "streams", "sinks", "service") for name in named(f"counters: {part}")]
    service = {"build_info", "uptime_seconds", "workers_running"}
    service |= {f"senders_{name}" for name in ("known", "silent", "wrong_clock", "forgotten")}
    rows = set(tables) - reasons("connections_closed") - reasons("framing_problems") - reasons("sink_dropped")

    assert {key.name for key in layout()} | service == rows


@pytest.mark.parametrize(
    ("counter", "marker"),
    [("connections_closed", "streams"), ("framing_problems", "streams"), ("sink_dropped", "sinks")],
)
def test_every_reason_has_its_row(counter, marker):
    rows = {row for line in table(f"counters: {marker}").splitlines() if line.startswith("| …")
            for row in re.findall(r"`([^`]+)`", line.split(" | ")[0])}  # fmt: skip

    assert reasons(counter) <= rows


@pytest.mark.parametrize(("counter", "marker"), [("rejected_messages", "messages"), ("sink_errors", "sinks")])
def test_every_reason_is_named_in_the_row_of_its_counter(counter, marker):
    row = next(line for line in table(f"counters: {marker}").splitlines() if f"`{counter}`" in line.split(" | ")[0])

    assert [reason for reason in reasons(counter) if f"`{reason}`" not in row] == []


def test_every_mark_has_its_row():
    assert reasons("marked_messages") == set(named("counters: marks"))


def test_every_counter_has_a_help_text_for_prometheus():
    assert {entry["name"] for entry in counters_as_json(dict.fromkeys(layout(), 0))} <= set(exposition._HELP)


def test_every_format_has_a_section():
    assert [name for name in FORMATS if f"\n### {name}\n" not in PAGE] == []


def test_every_framing_has_its_row():
    assert set(FRAMERS) == {name for name in named("framers") if name in FRAMERS}


def test_every_modifier_of_filters_is_explained():
    section = PAGE.partition("\n## Filters\n")[2].partition("\n## ")[0]

    words = (*MODIFIERS, *FLAGS, *OF_LINE, "exists", "all", "cased", "spaced")
    assert [name for name in words if name and f"`{name}`" not in section] == []


def test_every_filter_of_templates_is_named():
    section = PAGE.partition("\n### Path templates\n")[2].partition("\n## ")[0]

    assert [name for name in _ENVIRONMENT.filters if not re.search(rf"`{name}[`(]", section)] == []


def test_every_key_of_a_record_is_explained():
    now = datetime(2026, 7, 23, tzinfo=UTC)
    record = Record(13, now, now, None, None, None, None, {}, "", None, "ascii", "sender", "", "")
    section = PAGE.partition("\n### A record as JSON\n")[2].partition("\n### ")[0]
    rows = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    }

    assert set(as_json(record)) == rows


def test_the_order_in_which_character_sets_are_tried_is_that_of_the_code():
    """UTF-8 goes before a declared charset, a declared one before the fallback: as the page says."""
    text = "é".encode("cp1252")

    assert Charsets(["cp1252"]).normalise("é".encode(), "cp1252").charset == "utf-8"
    assert Charsets(["cp1252"]).normalise(text, "iso8859-1").charset == "iso8859-1"
    assert Charsets(["cp1252"]).normalise(text).charset == "cp1252"
    assert Charsets(["utf-8"]).normalise(text).charset == "unknown"
