import re
from pathlib import Path

import pytest

from collector.metrics import Key
from collector.service import ledger

LAYOUT = ledger.layout(["udp 0.0.0.0:514", "tcp 0.0.0.0:514"], {"/var/log/all": "file"}, ["cp932", "cp1252"])
PARSERS = Path(ledger.__file__).parents[1] / "protocol"


def labels_of(name):
    return [dict(key.labels) for key in LAYOUT.keys if key.name == name]


def test_every_source_has_its_own_counters():
    assert labels_of("received_messages") == [
        {"source": "udp 0.0.0.0:514"}, {"source": "tcp 0.0.0.0:514"}, {"source": "internal"}
    ]  # fmt: skip
    assert {"source": "tcp 0.0.0.0:514", "reason": "empty"} in labels_of("rejected_messages")


def test_every_sink_has_its_own_counters():
    assert labels_of("sink_offered") == [{"sink": "/var/log/all"}]
    assert {"sink": "/var/log/all", "reason": "disk_full"} in labels_of("sink_dropped")


def test_what_a_batch_is_received_under_has_the_first_numbers_however_many_files_there_are():
    layout = ledger.layout(["udp", "tcp"], {f"/var/log/{number}": "file" for number in range(5000)}, [])

    assert len(layout) > 0xFFFF
    assert [layout.index(Key("received_messages", (("source", name),))) for name in ("udp", "tcp")] == [1, 2]


def test_everything_with_a_reason_has_one_for_what_nobody_foresaw():
    for name, label in (
        ("marked_messages", "mark"), ("charset_messages", "charset"), ("sink_dropped", "reason"),
        ("sink_errors", "reason"), ("framing_problems", "reason"), ("connections_closed", "reason"),
    ):  # fmt: skip
        assert "other" in [labels[label] for labels in labels_of(name)], name


def test_a_charset_of_the_configuration_is_counted_once_under_its_name():
    names = [labels["charset"] for labels in labels_of("charset_messages")]

    assert names.count("cp932") == names.count("cp1252") == 1


def test_what_waits_in_a_sink_is_lost_by_a_crash_as_dropped():
    pending = next(key for key in LAYOUT.keys if key.name == "sink_pending")

    assert pending.kind == "gauge"
    assert pending.lost_as == Key("sink_dropped", (("sink", "/var/log/all"), ("reason", "crash")))
    assert pending.lost_as in LAYOUT


@pytest.mark.parametrize("mark", ["no_pri", "bad_timestamp", "clock_skew", "truncated", "bom"])
def test_marks_of_the_parsers_are_foreseen(mark):
    assert mark in ledger.MARKS


def test_every_mark_a_parser_sets_is_foreseen():
    text = "".join(path.read_text() for path in PARSERS.rglob("*.py"))
    # A mark is the one text in a tuple: ("bom",) or ("no_pri",).
    found = set(re.findall(r'\("([a-z_0-9]+)",\)', text)) | set(re.findall(r'\(\*marks, "([a-z_]+)"\)', text))

    assert len(found) > 8
    assert found <= set(ledger.MARKS)
