"""The supervisor's end: what the configuration asks for, and what the control socket answers."""

import io
import json

import pytest

from collector.service.ownlog import OwnLog
from collector.service.plan import build_plan_from_text
from collector.service.senders.desk import PAGE, SenderDesk, watched


def _settings(**settings):
    text = json.dumps({"sources": [{"udp": "127.0.0.1:5514"}], "routes": ["*.* /x"], **settings})
    plan, problems = build_plan_from_text(text, "test.yaml")
    assert plan is not None, [str(problem) for problem in problems]
    return plan.settings


def _desk(names=None):
    return SenderDesk(_settings(), OwnLog(io.StringIO()), (names or {}).get)


def _report(*names, **event):
    return {"senders": [[name, "udp", 1, {}, {}, {}, None] for name in names], **event}


@pytest.mark.parametrize(
    ("written", "patience"),
    [
        ({}, {"192.0.2.7": float("inf")}),
        ({"silent_after": "1h"}, {"192.0.2.7": 3600}),
        ({"silent_after": 0}, {"192.0.2.7": float("inf")}),
        (
            {"silent_after": {"default": "1h", "hosts": {"192.0.2.0/24": "10m", "192.0.2.9": 0, "Gate": "5m"}}},
            {"192.0.2.7": 600, "192.0.2.9": float("inf"), "198.51.100.1": 3600},
        ),
    ],
)
def test_patience_is_that_of_the_longest_prefix(written, patience):
    found = watched(_settings(**written))

    assert {sender: found.patience_of(sender, None) for sender in patience} == patience


def test_names_and_single_addresses_are_known_as_such():
    found = watched(_settings(silent_after={"hosts": {"192.0.2.9": "1m", "192.0.2.8": 0, "192.0.2.0/24": "1m"}}))
    named = watched(_settings(silent_after={"hosts": {"gate": "5m"}}))

    assert (found.expected, found.by_name) == (("192.0.2.9",), False)
    assert (named.by_name, named.patience_of("192.0.2.7", "gate")) == (True, 300)


def test_clocks_are_watched_unless_told_otherwise():
    assert watched(_settings()).clock_tolerance == 60
    assert watched(_settings(clock_tolerance=0)).clock_tolerance == 0


def test_the_answer_comes_in_pages_with_names():
    desk = _desk({"10.0.0.3": "gate"})
    names = [f"10.0.{number // 256}.{number % 256}" for number in range(2 * PAGE + 10)]
    desk.hear(0, _report(*names))
    first = desk.answer({"ask": "senders"})
    second = desk.answer({"ask": "senders", "after": first["next"]})
    third = desk.answer({"ask": "senders", "after": second["next"]})
    rows = [row for page in (first, second, third) for row in page["senders"]]

    assert [row["sender"] for row in rows] == names
    assert third["next"] is None
    assert [row["name"] for row in rows if row["name"]] == ["gate"]
    json.dumps(rows)


def test_a_question_that_is_none_gets_an_answer():
    assert "error" in _desk().answer({"ask": "senders", "after": "the beginning"})


def test_the_summary_counts_what_needs_attention():
    desk = _desk()
    desk.hear(0, _report("192.0.2.7", "192.0.2.8", held=True))

    assert desk.summary() == {"known": 2, "silent": 0, "wrong_clock": 0, "forgotten": 0}
