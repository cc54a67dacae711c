"""
No text makes the parser raise; stamp, host name and text are one line; no character of the message is lost.

Texts are real forms, cut, joined and sprinkled with what hurts parsers. Seeds and counts are fixed.
"""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fuzzing import generator, rounds

from collector.protocol.parsers import Context, parse

_VECTORS = Path(__file__).parents[1] / "vectors"
_CONTEXT = Context(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"), "192.0.2.7:514", "utf-8", 600.0)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_SPRINKLES = [
    "<", ">", "[", "]", '"', "\\", ":", " ", "  ", "-", "=", "%", "*", ".", ",", "#", "/", "../", "{", "|", "\t", "\0",
    "\ufeff", "\u3000", "\u0661", "日", "\udc80", "\x85", "1", "9" * 30, "0", "<34>", "1 ", "Feb 29 ", "24:00:00",
    "23:59:60", " 2100", " 0000 ", " 9999 ", "0000-00-00T", "0000-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:60Z", "2016-12-31T23:59:60+23:59", "-23:59", "+23:59", "+24:00",
    "Z+00", " CET", "1770106150.5 ", "1w2d: ",
]  # fmt: skip


def _seeds():
    files = (_VECTORS / f"{form}.jsonl" for form in ("rfc3164", "rfc5424", "vendor"))
    return [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _mutant(rng, seeds):
    text = rng.choice(seeds)
    for _ in range(rng.randint(0, 4)):
        at, end = sorted(rng.choices(range(len(text) + 1), k=2))
        match rng.randrange(4):
            case 0:
                text = text[:at] + rng.choice(_SPRINKLES) + text[at:]
            case 1:
                text = text[:at] + text[min(end, at + 8) :]
            case 2:
                text = text[:at] + rng.choice(seeds)[-40:] + text[end:]
            case _:
                text = text[:at] + text[at : at + 12] * 2 + text[at + 12 :]
    return text


@pytest.mark.parametrize("seed", range(8))
def test_no_text_raises_and_none_is_lost(seed):
    rng = generator(seed)
    seeds = _seeds()
    for _ in rounds(6000):
        text = _mutant(rng, seeds)
        record = parse(text, _CONTEXT)
        line = f"{record.stamp} {record.hostname} {record.text}"

        assert text.endswith(record.message), text
        assert record.message in record.text, text
        assert len(record.stamp) == 15, text
        assert not _CONTROL.search(record.stamp.replace(" ", "") + record.hostname), text
        assert set(_CONTROL.findall(line)) <= {" ", *_CONTROL.findall(text)}, text
        assert record.timestamp.tzinfo is not None, text
        assert 0 <= record.pri <= 191, text


def test_text_without_a_header_is_the_message_as_a_whole():
    rng = generator(0)
    letters = "abc XYZ:[]<>=\"'%日\t"
    for _ in rounds(5000):
        text = "x" + "".join(rng.choices(letters, k=rng.randint(0, 40)))
        assert parse(text, _CONTEXT).message == text


@pytest.mark.parametrize(
    "text",
    [
        "<13>" + "a" * 65536,
        "<13>Feb  3 17:04:05 " + "a" * 65536,
        "<13>Feb  3 17:04:05 h " + "a:" * 32768,
        "<13>Feb  3 17:04:05 h a[" + "b" * 65536,
        "<13>" + "1" * 65536,
        "<13>" + "1w" * 32768,
        "<13>" + "a/1/" * 16384,
        "<13>Feb" + " " * 65536,
        "<13>1 " + "- " * 32768,
        "<13>1 - - - - - [a" + ' b="c"' * 10000,
        "<13>1 - - - - - [a" + ' b="c' * 10000,
        "<13>1 - - - - - [a b=" + '" ' * 32768,
        "<13>1 - - - - - " + "[a]" * 20000 + "[",
        '<13>1 - - - - - [a b="' + "\\" * 65536,
        "<13>date=2026-02-03 time=01:02:03 " + ",devname=" * 8000,
        " " * 65536 + "<13",
        "%" * 65536,
    ],
    ids=lambda text: text[:24].strip(),
)  # fmt: skip
def test_no_text_makes_the_parser_slow(text):
    started = time.process_time()
    parse(text, _CONTEXT)
    # Linear ones take a few milliseconds, quadratic ones many seconds.
    assert time.process_time() - started < 0.5
