"""
The peers' own framing cases, and ours of charsets, from ../shared/data/syslog_cases.jsonl.

A peer that rejects a frame stops there; we deliver what text there is and name the problem. So where a peer expects an
error, its frames must be the first of ours, and a problem must be named. Line ends at the end of a frame are compared
without, for they go with the delimiter here.
"""

import base64
import json
from pathlib import Path

import pytest
from unit.protocol.framing.feeding import feed

from collector.protocol.charset import Charsets, undo
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.delimited import LineFramer, NulFramer
from collector.protocol.framing.octet_counting import OctetCountingFramer

_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "syslog_cases.jsonl"
_ROWS = [json.loads(line) for line in _DATA.read_text(encoding="utf-8").splitlines()] if _DATA.is_file() else []
_FRAMERS = {"octet-counting": OctetCountingFramer, "auto": AutoFramer, "lf": LineFramer}
_TRAILERS = {"LF": LineFramer, "NUL": NulFramer}

_OTHER = {
    "gosyslog-nt-LF-06": "lines of a message that begin without PRI are messages of their own",
    "rsyslog-frame-multiline": "the same",
    "rsyslog-frame-multiline2": "the same",
    "rsyslog-frame-regex": "the same; no framing by pattern",
    "rsyslog-frame-crdelim": "no framing by CR",
    "syslogng-auto-01": "a number without PRI behind it begins a line",
    "syslogng-auto-02": "a NUL inside a line is content",
    "syslogng-text-03": "half a character is kept, and shown as octal",
    "syslogng-text-04": "bytes that a charset does not explain are kept, and shown as octal",
    "vector-oct-badlen": "the whole text is kept",
    "vector-oct-utf8": "what is no UTF-8 is kept",
    "vector-oct-long4": "text without a count ends at LF; a count without PRI is not believed until the next good one",
}
"""The peer cases in which we differ, and why."""

pytestmark = pytest.mark.skipif(not _ROWS, reason="../shared/data is not beside this checkout")


def _framing_cases():
    return [pytest.param(row, id=row["id"]) for row in _ROWS if row["kind"] == "framing" and row["id"] not in _OTHER]


def _framer(context):
    if context.get("mode") == "non-transparent":
        return _TRAILERS[context["trailer"]]
    return _FRAMERS[context.get("mode", "octet-counting" if "max_length" in context else "auto")]


@pytest.mark.parametrize("row", _framing_cases())
def test_a_stream_gives_the_frames_that_the_peer_expects(row):
    context, expect = row.get("ctx", {}), row["expect"]
    limit = context.get("max_msg") or context.get("max_frame") or context.get("max_length") or 65536
    expected = [base64.b64decode(frame).rstrip(b"\r\n\0") for frame in expect["frames_b64"]]

    frames, problems = feed(_framer(context), base64.b64decode(row["raw_b64"]), limit)

    if "encoding" in context:
        frames = [Charsets((context["encoding"],)).normalise(frame).visible.encode() for frame in frames]
    if "error" in expect:
        assert frames[: len(expected)] == expected
        assert problems
    else:
        assert frames == expected


def test_the_cases_in_which_we_differ_exist_and_are_no_core_cases():
    tiers = {row["id"]: row["tier"] for row in _ROWS}

    assert {tiers[name] for name in _OTHER} == {"peer"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in _ROWS if "constructed" in row["source"]])
def test_a_message_in_a_japanese_charset_is_readable_and_comes_back(row):
    raw, expect, encoding = base64.b64decode(row["raw_b64"]), row["expect"], row["ctx"]["encoding"]

    text = Charsets().normalise(raw)

    assert (expect.get("message_contains") or expect["message"]) in text.exact
    if not text.damaged and encoding != "mixed":
        assert undo(text.visible).decode() == text.exact == raw.decode(encoding)
