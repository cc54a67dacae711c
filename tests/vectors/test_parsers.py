"""Our own messages: one line of JSON each, with the whole record. Received in Tokyo on 3 February 2026, 17:09:10."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.protocol.parsers import Context, parse

CONTEXT = Context(datetime(2026, 2, 3, 8, 9, 10, tzinfo=UTC), ZoneInfo("Asia/Tokyo"), "192.0.2.7:4428", "utf-8", None)

_HERE = Path(__file__).parent


def _vectors():
    for form in ("rfc3164", "rfc5424", "vendor"):
        for line in (_HERE / f"{form}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield pytest.param(row["text"], row["expect"], id=f"{form}: {row['name']}")


@pytest.mark.parametrize(("text", "expected"), list(_vectors()))
def test_a_message_gives_its_record(text, expected):
    record = parse(text, CONTEXT)

    found = {name: getattr(record, name) for name in expected}
    found["timestamp"] = record.timestamp.isoformat()
    found["marks"] = list(record.marks)
    assert found == expected
