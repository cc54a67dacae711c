"""Messages whose text has a form of its own, one line of JSON each, with all the fields that it gives."""

import json
from functools import cache
from pathlib import Path

import pytest
from rules.rule_packs import READING
from vectors.test_parsers import CONTEXT

from collector.config.problems import Location
from collector.protocol.parsers import parse
from collector.protocol.parsers.payload import PAYLOADS, fields_of
from collector.rules.condition import Condition
from collector.rules.prefilter import compile_prefilter
from collector.rules.rule import Sample
from collector.rules.samples import events_of

_HERE = Path(__file__).parent


def _vectors():
    for form in PAYLOADS:
        for line in (_HERE / f"{form}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield pytest.param(row["text"], row["fields"], id=f"{form}: {row['name']}")


@pytest.mark.parametrize(("text", "expected"), list(_vectors()))
def test_a_payload_gives_its_fields(text, expected):
    assert fields_of(parse(text, CONTEXT)) == expected


@pytest.mark.parametrize(("text", "expected"), list(_vectors()))
def test_rules_see_the_same_fields(text, expected):
    (event,) = events_of(Sample((text,), (), 0.0, Location("test")), READING)

    assert event.fields == expected


@pytest.mark.parametrize("engine", ["python", "hyperscan"])
def test_the_prefilter_lets_through_what_has_a_field(engine):
    """Each field of each vector is asked for in three ways: as a whole, for a part, for its beginning."""
    if engine == "hyperscan":
        pytest.importorskip("hyperscan", reason="hyperscan is not installed")
    wanted = [
        (text, Condition({f"{name}{way}": value}))
        for text, fields in (vector.values for vector in _vectors())
        for name, found in fields.items()
        for way, value in (("", found), ("|contains", str(found)[1:] or str(found)), ("|startswith", str(found)[:8]))
        if not set(str(value)) & set("\\*?")
    ]
    prefilter = compile_prefilter([condition.requirement for _, condition in wanted], engine)

    missed = [
        (text, condition.spec) for number, (text, condition) in enumerate(wanted)
        if number not in prefilter.residual and (number not in _hits(prefilter, text))
    ]  # fmt: skip

    assert missed == []


@cache
def _hits(prefilter, text):
    (event,) = events_of(Sample((text,), (), 0.0, Location("test")), READING)
    return {number for _, number in prefilter.scan(f"<{event.field('pri')}>{event.line}\n".encode())}
