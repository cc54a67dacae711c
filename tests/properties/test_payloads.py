"""No text makes a reader of payloads raise or wait; values are pieces of the text; what is written is read."""

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.payload import fields_of
from collector.protocol.parsers.windows.event_data import event_data
from collector.protocol.parsers.windows.labels import HEADINGS, LABELS

_CONTEXT = Context(datetime(2026, 7, 23, 7, tzinfo=UTC), UTC, "192.0.2.7:4428", "utf-8", None)
_HEADER = "<135>Jul 23 15:54:31 atropos "
_PIECES = [
    *(
        "security[failure] ",
        "528 ",
        "NT: <a;F529;",
        "[NT:",
        "> ",
        "N/A",
        "NT AUTHORITY\\SYSTEM",
        "CORP\\bob",
        ";",
        "\\",
    ),
    *(":", "：", " ", "  ", "\t", "#011", "\\t", "\\r\\n\\t", "-", "bob", "C:\\new", "This event is generated "),
    *(
        "User Name:",
        "Reason:",
        "Subject:",
        "New Logon:",
        "Account Name: ",
        "ユーザー名：",
        "サブジェクト: ",
        "  Other:",
        "x" * 50,
    ),
]
_TEXT = st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=40).map("".join)

_LABELS = sorted(label for label, name in LABELS.items() if name and label not in HEADINGS)
_VALUE = st.from_regex(r"[A-Za-z0-9山田](?:[\w.,$%()-]| (?=[A-Z]))*", fullmatch=True).filter(lambda text: text != "-")


def _blanks(text: str) -> str:
    return re.sub(r"(?:\s|#01[1235]|\\[rnt])+", " ", text)


@given(_TEXT)
def test_no_text_raises_and_values_are_pieces_of_it(text):
    fields = fields_of(parse(_HEADER + text, _CONTEXT))

    for name in fields.keys() - {"EventID", "EntryType", "Channel", "Computer"}:
        assert _blanks(fields[name]) in _blanks(text)
    assert isinstance(fields.get("EventID", 0), int)
    assert "" not in fields.values()


@given(
    st.lists(st.sampled_from(_LABELS), min_size=2, max_size=8, unique_by=LABELS.__getitem__).flatmap(
        lambda labels: st.tuples(st.just(labels), st.lists(_VALUE, min_size=len(labels), max_size=len(labels)))
    ),
    st.sampled_from([" ", "  ", "   "]),
    st.sampled_from(["", " "]),
)
def test_what_is_written_is_read(written, between, behind):
    labels, values = written
    text = between.join(f"{label}:{behind}{value}" for label, value in zip(labels, values, strict=True))

    assert event_data(text) == {LABELS[label]: value for label, value in zip(labels, values, strict=True)}


@pytest.mark.parametrize(
    "text",
    [
        *(":" * 65536, ": " * 32768, "a:" * 32768, "Name:" * 13107, "  Name: " * 8192, "User " * 13107 + ":"),
        *("\\n" * 32768, "\\n:" * 21845, "a  b" * 16384 + ":", "#011" * 16384, "\t" * 65536, "Subject: " * 7281),
        *("　" * 65536, "528 " + "a " * 32768, "528 " + "a\\" * 32768, "528 " + "a" * 65536, "528 a\\" + "b " * 32768),
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
@pytest.mark.parametrize("form", ["security[failure] ", "NT: <Security;F529;"])
def test_no_text_makes_a_reader_slow(form, text):
    record = parse(f"{_HEADER}{form}{text}", _CONTEXT)
    started = time.process_time()
    fields_of(record)
    # Linear ones take some ten milliseconds, quadratic ones seconds.
    assert time.process_time() - started < 0.25
