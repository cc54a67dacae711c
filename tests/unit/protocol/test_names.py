import pytest

from collector.protocol.names import MOST_QUESTIONS, SenderNames, acceptable, shortened

A, B = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def names():
    made = SenderNames({}, asks=True, ttl=100.0, negative_ttl=10.0)
    made.questions(0.0)
    return made


def test_an_unknown_address_stands_for_itself_and_is_asked_for_once(names):
    assert [names.of(A), names.of(A)] == [A, A]
    assert names.questions(1.0) == [A]
    assert names.questions(2.0) == []


def test_a_name_that_was_learnt_is_used(names):
    names.of(A)
    names.learn({A: "gate"})

    assert names.of(A) == "gate"


def test_an_address_without_a_name_is_asked_for_again_after_the_negative_ttl(names):
    names.of(A)
    assert names.questions(1.0) == [A]
    names.learn({A: None})
    names.of(A)
    assert names.questions(9.0) == []
    names.questions(11.0)
    names.of(A)

    assert names.questions(12.0) == [A]


def test_a_question_nobody_answered_is_asked_again_after_the_negative_ttl(names):
    names.of(A)
    assert names.questions(1.0) == [A]
    names.questions(11.0)
    names.of(A)

    assert names.questions(12.0) == [A]


def test_an_old_name_is_used_on_while_it_is_asked_for_again(names):
    names.learn({A: "gate"})
    names.questions(101.0)

    assert names.of(A) == "gate"
    assert names.questions(102.0) == [A]
    assert names.of(A) == "gate"


def test_a_name_that_is_no_longer_used_is_forgotten(names):
    names.learn({A: "gate"})
    names.questions(101.0)
    names.questions(201.0)

    assert names.of(A) == A
    assert len(names) == 1


def test_a_name_that_has_gone_away_is_used_no_more(names):
    names.learn({A: "gate"})
    names.learn({A: None})

    assert names.of(A) == A


def test_the_hosts_table_needs_no_questions_and_no_answer_overrides_it():
    names = SenderNames({A: "gate"}, asks=True, ttl=100.0, negative_ttl=10.0)
    names.learn({A: "liar"})

    assert names.of(A) == "gate"
    assert names.questions(1.0) == []


def test_where_nobody_answers_nothing_is_asked_or_remembered():
    names = SenderNames({A: "gate"}, asks=False, ttl=100.0, negative_ttl=10.0)

    assert [names.of(A), names.of(B)] == ["gate", B]
    assert names.questions(1.0) == []
    assert len(names) == 0


def test_another_hosts_table_takes_effect_at_once_and_keeps_what_dns_said_of_others(names):
    names.learn({A: "gate", B: "printer"})
    names.change_hosts({A: "router"})
    assert [names.of(A), names.of(B)] == ["router", "printer"]
    names.change_hosts({})

    assert names.of(A) == A
    assert names.questions(1.0) == [A]


@pytest.mark.parametrize("peer", ["atropos", "/run/log", "3com", "[::1]"])
def test_what_is_no_address_is_not_asked_for(names, peer):
    assert names.of(peer) == peer
    assert names.questions(1.0) == []


def test_more_is_not_asked_at_once_than_anybody_could_answer(names):
    wanted = [f"2001:db8::{number:x}" for number in range(MOST_QUESTIONS + 5)]
    for address in wanted:
        names.of(address)

    assert names.questions(1.0, most=3) == wanted[:3]
    assert names.questions(2.0) == wanted[3:MOST_QUESTIONS]
    names.of(wanted[-1])
    assert names.questions(3.0) == [wanted[-1]]


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ("gate.example.net", "gate.example.net"),
        ("gate.example.net.", "gate.example.net"),
        ("GATE_7-b", "GATE_7-b"),
        ("7", None),
        ("192.0.2.1", None),
        ("192.0.2.1.", None),
        ("0x7f.1", None),
        ("0X7F000001", None),
        ("1.2.3.4.example.net", "1.2.3.4.example.net"),
        ("::1", None),
        ("", None),
        (".", None),
        ("..", None),
        ("gate..net", None),
        (".gate", None),
        ("-gate", None),
        ("../etc/passwd", None),
        ("gate net", None),
        ("gate\n", None),
        ("gäte", None),
        ("٣", None),
        ("a" * 255, "a" * 255),
        ("a" * 256, None),
    ],
)
def test_only_names_that_are_fit_for_a_log_are_accepted(found, name):
    assert acceptable(found) == name


@pytest.mark.parametrize(
    ("fqdn", "strip", "name"),
    [
        (True, (), "gate.lan.example.net"),
        (False, (), "gate"),
        (True, ("example.net",), "gate.lan"),
        (True, ("example.net", "lan.example.net"), "gate"),
        (True, ("EXAMPLE.net",), "gate.lan"),
        (True, ("ample.net", "example.org", "gate.lan.example.net"), "gate.lan.example.net"),
    ],
)
def test_a_name_is_shortened_as_the_configuration_says(fqdn, strip, name):
    assert shortened("gate.lan.example.net", fqdn=fqdn, strip_domains=strip) == name


@pytest.mark.parametrize("name", ["192.0.2.1.example.net", "0x7f.1.example.net", "7.example.net", "-.example.net"])
@pytest.mark.parametrize("fqdn", [True, False])
def test_what_is_left_of_a_name_never_poses_as_an_address(name, fqdn):
    assert shortened(name, fqdn=fqdn, strip_domains=["example.net"]) == name
