"""Whatever a condition asks of a field that a message has, the prefilter finds it in the line of that message."""

import re
from datetime import UTC, datetime

import pytest
from check_rules_rig import INTERPRETER, read_live
from hot_lines import LINES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.errors import CollectorError
from collector.routing.matching import escape
from collector.rules.condition import Condition
from collector.rules.event import Event
from collector.rules.fields import FIELDS
from collector.rules.prefilter import compile_prefilter

NOW = datetime(2026, 10, 11, 22, 20, tzinfo=UTC)
WAYS = {
    "": lambda text, _a, _b: escape(text),
    "|cased": lambda text, _a, _b: escape(text),
    "|contains": lambda text, a, b: escape(text[a:b].upper()),
    "|contains|cased": lambda text, a, b: escape(text[a:b]),
    "|startswith": lambda text, _a, b: escape(text[:b]),
    "|endswith": lambda text, a, _b: escape(text[a:]),
    "|re": lambda text, a, b: re.escape(text[a:b]),
}
NO_PROGRAM = '<34>1 2026-02-03T08:09:10Z gate - worker7 - [a b="c"] sshd[411]: Failed password for bob'


def conditions(event, first, last):
    """All that can be asked of what there is, each with the piece from ``first`` to ``last`` tenths of its text."""
    for name in (*FIELDS, *event.fields):
        value = event.value(name)
        for way, asked in WAYS.items() if value is not None else ():
            text = str(value)
            try:
                yield Condition({name + way: asked(text, len(text) * first // 10, len(text) * last // 10)})
            except CollectorError:
                continue  # facilities and severities have names


@pytest.mark.parametrize("engine", ["python", "hyperscan"])
@settings(max_examples=40)
@given(LINES, st.integers(0, 9), st.integers(1, 10))
@example(NO_PROGRAM, 0, 10)
def test_what_a_message_has_is_found_in_its_line(engine, line, first, last):
    if engine == "hyperscan":
        pytest.importorskip("hyperscan", reason="this engine is optional")
    event = Event((read_live(line, NOW), None), INTERPRETER.moment(NOW), NOW.timestamp())
    asked = list(conditions(event, min(first, last), max(first, last)))
    prefilter = compile_prefilter([one.requirement for one in asked], engine=engine)
    found = {rule for _, rule in prefilter.scan(f"<{event.field('pri')}>{event.line}\n".encode())} | prefilter.residual

    fitting = {number for number, one in enumerate(asked) if one.match(event) is not None}
    assert [asked[number].spec for number in sorted(fitting - found)] == []
    assert len(fitting) > len(asked) / 2
