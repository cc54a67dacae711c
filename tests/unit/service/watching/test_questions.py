import pytest

from collector.service.watching.questions import what_is_wrong


@pytest.mark.parametrize(
    "question",
    [
        {"ask": "mutes"},
        {"ask": "alerts", "most": 20},
        {"ask": "alerts", "most": 0, "after": 0, "rule": "a"},
        {"ask": "alerts", "most": 1000, "after": None, "rule": None},
        {"ask": "mute", "rule": "a", "key": None, "until": 0},
        {"ask": "mute", "rule": "a", "key": {"ip": ""}, "until": 4e9},
    ],
)
def test_questions_that_can_be_answered(question):
    assert what_is_wrong(question) is None


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ({"ask": "alerts"}, "most"),
        ({"ask": "alerts", "most": -1}, "most"),
        ({"ask": "alerts", "most": True}, "most"),
        ({"ask": "alerts", "most": 10**9}, "most"),
        ({"ask": "alerts", "most": 1, "after": "x"}, "after"),
        ({"ask": "alerts", "most": 1, "rule": []}, "rule"),
        ({"ask": "mute"}, "rule, until"),
        ({"ask": "mute", "rule": 5, "key": None, "until": 1}, "rule"),
        ({"ask": "mute", "rule": "a", "key": "ip", "until": 1}, "key"),
        ({"ask": "mute", "rule": "a", "key": {"ip": 5}, "until": 1}, "key"),
        ({"ask": "mute", "rule": "a", "key": None, "until": float("nan")}, "until"),
        ({"ask": "mute", "rule": "a", "key": None, "until": "soon"}, "until"),
    ],
)
def test_what_is_none_is_turned_away_with_the_part_that_is_wrong(question, part):
    assert what_is_wrong(question) == f"the question is not understood: {part}"
