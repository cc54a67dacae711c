import pytest

from collector.config.problems import Location, Problem, did_you_mean, nearest, quote


def test_a_problem_prints_place_text_id_and_cure():
    problem = Problem(Location("c.yaml", 3, 5), "no such thing", "unknown-key", "try another")

    assert str(problem) == "c.yaml:3:5: error: no such thing [unknown-key]\n    hint: try another"


def test_a_problem_as_json_is_flat():
    problem = Problem(Location("c.yaml", 3, 5), "hm", "no-routes", level="warning")

    assert problem.as_json() == {
        "type": "problem", "level": "warning", "id": "no-routes", "message": "hm", "hint": None,
        "file": "c.yaml", "line": 3, "column": 5,
    }  # fmt: skip


def test_the_nearest_word_keeps_its_own_spelling():
    assert nearest("asia/tokio", ["Asia/Tokyo", "Asia/Seoul"]) == "Asia/Tokyo"
    assert did_you_mean("recieve_buffer", ["receive_buffer"]) == 'did you mean "receive_buffer"?'


def test_the_beginning_of_a_word_stands_for_it():
    assert nearest("cert", ["key", "certificate"]) == "certificate"
    assert nearest("ce", ["key", "certificate"]) is None


def test_a_word_like_no_other_gets_no_guess():
    assert nearest("xyzzy", ["receive_buffer"]) is None
    assert did_you_mean("xyzzy", []) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a", '"a"'), (None, "an empty value"), (True, "true"), (1.5, "1.5"), ([1], "a list"), ((), "a list"),
     ({}, "a mapping"), ("x" * 61, '"' + "x" * 59 + '…"'), ("着信", '"着信"')],
)  # fmt: skip
def test_values_are_named_for_people(value, shown):
    assert quote(value) == shown


def test_no_value_can_send_control_characters_to_a_terminal():
    assert quote("\x1b[2J\x9b\n\u202e") == r'"\x1b[2J\x9b\n\u202e"'
