import time
from types import SimpleNamespace

import pytest
from nest_rig import Rig

from collector.service.watching import desk
from collector.service.watching.desk import WatchDesk
from collector.sinks.journal import Bell


@pytest.fixture
def watching(closing):
    rig = Rig()
    made = WatchDesk(SimpleNamespace(rules=b"r", actions=b"a"), closing(Bell()), rig.nest)
    made._running = True
    made._heard = time.monotonic()
    yield made
    made._running = False
    made._alerts.close()
    rig.selector.close()


def test_without_rules_nothing_is_told_and_questions_are_turned_away(watching):
    watching._running = False
    answers = []
    watching.ask({"ask": "mutes"}, answers.append)
    assert watching.report() is None
    assert answers == [{"error": "no rules are configured"}]


def test_nonsense_does_not_reach_the_correlator(watching):
    answers = []
    watching.ask({"ask": "mute", "rule": 5}, answers.append)
    assert answers[0]["error"].startswith("the question is not understood: ")


def test_after_a_change_rules_that_are_gone_are_not_shown(watching):
    watching._hear({"report": {"plan": "1"}})
    watching._hear({"counters": {"a": {"hits": 1}, "b": {"hits": 2}}})
    watching._hear({"report": {"plan": "1"}})
    assert set(watching.report()["by_rule"]) == {"a", "b"}
    watching._hear({"report": {"plan": "2"}})
    watching._hear({"counters": {"b": {"hits": 2}}})
    assert set(watching.report()["by_rule"]) == {"b"}


def test_a_correlator_of_which_nothing_is_heard_is_told(watching, monkeypatch):
    watching._hear({"report": {"plan": "1"}})
    assert watching.report()["silent_seconds"] == 0.0
    later = time.monotonic() + 60
    monkeypatch.setattr(desk.time, "monotonic", lambda: later)
    assert watching.report()["silent_seconds"] == pytest.approx(60, abs=5)


def test_a_question_that_is_not_answered_in_time_is_answered_here(watching):
    answers = []
    watching._questions[7] = answers.append, time.monotonic()
    watching.chore(time.monotonic())
    assert answers == []
    watching.chore(time.monotonic() + 6)
    assert "the correlator does not answer" in answers[0]["error"]
    watching._hear({"answer": 7, "mutes": []})
    assert len(answers) == 1


def test_destinations_come_in_pieces(watching):
    watching._hear({"report": {"plan": "1"}})
    for piece, first in (("a", True), ("b", False)):
        watching._hear_dispatcher({"destinations": {piece: {}}, "first": first})
    assert set(watching.report()["destinations"]) == {"a", "b"}
    watching._hear_dispatcher({"destinations": {"c": {}}, "first": True})
    assert set(watching.report()["destinations"]) == {"c"}
