import pytest

from collector.service.naming.lookups import MOST_OPEN, Answer, Lookups, Question

GATE = Question("name", "192.0.2.7")
FOUND = Answer("found", ("gate",))


@pytest.fixture
def lookups():
    return Lookups(ttl=100.0, negative_ttl=10.0)


def test_a_question_is_open_until_it_is_answered(lookups):
    assert [lookups.ask(GATE, 0.0), lookups.ask(GATE, 1.0), len(lookups)] == ["new", "open", 1]
    lookups.answer(GATE, FOUND, 2.0)

    assert len(lookups) == 0
    assert lookups.ask(GATE, 3.0) == FOUND


def test_the_name_of_an_address_and_the_addresses_of_a_host_are_two_questions(lookups):
    assert lookups.ask(Question("addresses", GATE.of), 0.0) == "new"
    assert lookups.ask(GATE, 0.0) == "new"


def test_a_name_is_remembered_until_all_names_grow_old(lookups):
    lookups.answer(GATE, FOUND, 30.0)

    assert lookups.ask(GATE, 99.0) == FOUND
    assert lookups.ask(GATE, 100.0) == "new"


@pytest.mark.parametrize("result", ["nameless", "refused"])
def test_that_there_is_no_name_is_remembered_for_the_negative_ttl(lookups, result):
    lookups.answer(GATE, Answer(result), 30.0)

    assert lookups.ask(GATE, 39.0) == Answer(result)
    assert lookups.ask(GATE, 40.0) == "new"


@pytest.mark.parametrize("result", ["failed", "dropped"])
def test_that_nobody_answered_is_not_remembered(lookups, result):
    lookups.answer(GATE, FOUND, 0.0)
    lookups.answer(GATE, Answer(result), 1.0)

    assert lookups.ask(GATE, 2.0) == "new"


def test_questions_beyond_the_limit_are_dropped_and_counted(lookups):
    for number in range(MOST_OPEN):
        assert lookups.ask(Question("name", f"2001:db8::{number:x}"), 0.0) == "new"

    assert lookups.ask(GATE, 0.0) == "dropped"
    assert lookups.counts == {"dropped": 1}
    assert len(lookups) == MOST_OPEN


def test_every_answer_is_counted_by_its_result(lookups):
    for result in ("found", "found", "nameless", "failed"):
        lookups.answer(GATE, Answer(result), 0.0)

    assert lookups.counts == {"found": 2, "nameless": 1, "failed": 1}


def test_what_is_remembered_is_bounded_and_the_oldest_goes(lookups):
    for number in range(20_001):
        lookups.answer(Question("name", str(number)), FOUND, 0.0)

    assert lookups.ask(Question("name", "0"), 1.0) == "new"
    assert lookups.ask(Question("name", "20000"), 1.0) == FOUND
