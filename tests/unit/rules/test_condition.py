import pickle

import pytest
from rule_loading import FakeEvent

from collector.routing.clauses import ClauseError
from collector.rules.condition import Condition, Step

LINE = "Oct 11 22:14:15 gate sshd[411]: Failed password for root from 192.0.2.7 port 22"
EVENT = FakeEvent(
    LINE,
    hostname="gate",
    app_name="sshd",
    severity="warning",
    facility="auth",
    message="Failed password for root from 192.0.2.7 port 22",
    EventID=861,
    User="NT AUTHORITY\\SYSTEM",
    peer="192.0.2.7:4428",
)
PASSWORD = r"Failed password for (?P<user>\S+) from (?P<ip>\S+)"


def matched(spec, event=EVENT):
    return Condition(spec).match(event)


def error_of(spec):
    with pytest.raises(ClauseError) as caught:
        Condition(spec)
    return caught.value


@pytest.mark.parametrize(
    "spec",
    [
        {"app_name": "SSHD"},
        {"app_name": "sshd", "text": "failed PASSWORD"},
        {"EventID": 861},
        {"EventID": ["860", "861"]},
        {"EventID|gte": 800},
        {"User": "nt authority\\system"},
        {"User|endswith": "\\SYSTEM"},
        {"Nothing": None},
        {"Nothing|exists": False, "EventID|exists": True},
        {"severity|lte": "warning", "facility": "auth"},
        {"re": r"sshd\[\d+\]", "not": {"text": "accepted"}},
        {"any": [{"text": "accepted"}, {"re": "Failed"}]},
        {"all": [{"text": "failed"}, {"message|contains": "root"}]},
        {"peer|cidr": "192.0.2.0/24"},
    ],
)
def test_a_condition_that_fits_and_captures_nothing_gives_an_empty_mapping(spec):
    assert matched(spec) == {}


@pytest.mark.parametrize(
    "spec",
    [
        {"app_name": "sudo"},
        {"app_name": "sshd", "text": "accepted"},
        {"EventID": 86},
        {"EventID|gt": 861},
        {"Nothing": "x"},
        {"EventID": None},
        {"text|cased": "failed"},
        {"re": "failed"},
        {"text": "Failed*root"},
        {"not": {"EventID": 861}},
        {"shape": "x"},
    ],
)
def test_a_condition_that_does_not_fit_gives_none(spec):
    assert matched(spec) is None


def test_named_groups_become_captures_and_others_do_not():
    assert matched({"re": r"(Failed) password for (?P<user>\S+) from (?P<ip>\S+)"}) == {
        "user": "root",
        "ip": "192.0.2.7",
    }


def test_a_field_can_be_captured_from_too():
    assert matched({"User|re": r"(?P<domain>.*)\\(?P<name>.*)"}) == {"domain": "NT AUTHORITY", "name": "SYSTEM"}
    assert matched({"EventID|re": r"^(?P<first>\d)"}) == {"first": "8"}


def test_a_group_that_takes_no_part_captures_nothing():
    assert matched({"re": "(?P<bad>Accepted)?|(?P<good>Failed)"}) == {}


def test_a_peer_is_searched_with_and_without_its_port():
    assert matched({"peer|re": r"(?P<last>\d+)$"}) == {"last": "4428"}
    assert matched({"peer|re": r"^[\d.]+\.(?P<last>\d+)$"}) == {"last": "7"}


def test_the_first_pattern_of_a_list_that_fits_captures():
    assert matched({"re": ["(?P<a>nothing)", "for (?P<b>root)", "(?P<c>Failed)"]}) == {"b": "root"}


def test_with_all_every_pattern_captures():
    assert matched({"re|all": ["for (?P<b>root)", "(?P<c>Failed)"]}) == {"b": "root", "c": "Failed"}
    assert matched({"re|all": ["for (?P<b>root)", "(?P<c>Accepted)"]}) is None


def test_the_first_alternative_that_fits_captures_and_one_that_fails_half_way_leaves_nothing():
    spec = {"any": [{"re": "(?P<a>Failed)", "text": "nothing"}, {"re": "for (?P<b>root)"}, {"re": "(?P<c>port)"}]}
    assert matched(spec) == {"b": "root"}


def test_of_two_captures_with_one_name_the_later_one_stays():
    assert matched({"re": r"for (?P<x>\S+)", "message|re": r"port (?P<x>\d+)"}) == {"x": "22"}


def test_a_capture_can_be_compared_wherever_it_is_written():
    inside = {"ip|cidr": "192.0.2.0/24"}
    for spec in ({"re": PASSWORD} | inside, inside | {"re": PASSWORD}):
        assert matched(spec) == {"user": "root", "ip": "192.0.2.7"}
    assert matched({"not": inside, "re": PASSWORD}) is None
    assert matched({"any": [{"user": "bob"}, {"not": {"user": "root"}}], "re": PASSWORD}) is None
    assert matched({"all": [{"user|startswith": "r"}, {"re": PASSWORD}]}) == {"user": "root", "ip": "192.0.2.7"}


def test_captures_can_lead_to_captures():
    spec = {"host|re": r"\.(?P<last>\d+)$", "ip|re": "(?P<host>.*)", "re": PASSWORD}
    assert matched(spec) == {"user": "root", "ip": "192.0.2.7", "host": "192.0.2.7", "last": "7"}


def test_a_capture_hides_a_field_of_the_payload_and_only_where_it_has_a_value():
    spec = {"re": "for (?P<User>root)?"}
    assert matched(spec | {"User": "root"}) == {"User": "root"}
    assert matched({"re": "password(?P<User>s)?", "User|contains": "system"}) == {}


def test_it_tells_what_it_reads_and_captures():
    condition = Condition(
        {"app_name": "sshd", "re": PASSWORD, "ip|cidr": "10.0.0.0/8", "not": {"EventID": 1, "text": "x"}}
    )
    assert condition.fields == {"app_name", "line", "EventID"}
    assert condition.captures == {"user", "ip"}


def test_captures_of_a_negation_are_none():
    condition = Condition({"text": "Failed", "not": {"re": "(?P<user>bob)"}})
    assert condition.captures == frozenset()
    assert condition.match(EVENT) == {}


def test_it_is_pickled():
    condition = pickle.loads(pickle.dumps(Condition({"re": PASSWORD})))
    assert condition.match(EVENT) == {"user": "root", "ip": "192.0.2.7"}


@pytest.mark.parametrize("line", ["", "\ud800", "x" * 100_000, "\x00", "日本語", "١٢"])
@pytest.mark.parametrize("value", [None, "", "\udcff", 0, -1, 10**40, 1.5, True, ["a"], {"a": "b"}])
def test_no_content_raises(line, value):
    fields = dict.fromkeys(("hostname", "severity", "peer", "EventID", "User"), value)
    spec = {
        "any": [
            {"hostname|cidr": "10.0.0.0/8"}, {"severity|gte": "info"}, {"peer|re": "(?P<a>x)y"}, {"EventID|gt": 5},
            {"User|contains|all": ["q*q", "z"]}, {"text": "zzz"}, {"re|i": r"\bq(?P<b>z+)\b"},
        ]
    }  # fmt: skip
    assert matched(spec, FakeEvent(line, **fields)) in (None, {})


def test_a_trace_shows_every_part_with_what_was_found():
    spec = {
        "app_name": ["sudo", "su"],
        "any": [{"re": PASSWORD}, {"text": "x"}],
        "not": {"User": "bob"},
        "ip": "10.0.0.1",
    }
    assert Condition(spec).trace(EVENT) == [
        Step(0, "all", None, False, {}),
        Step(1, "app_name: [sudo, su]", "sshd", False, {}),
        Step(1, "any", None, True, {}),
        Step(2, f"re: {PASSWORD}", LINE, True, {"user": "root", "ip": "192.0.2.7"}),
        Step(2, "text: x", LINE, False, {}),
        Step(1, "not", None, True, {}),
        Step(2, "User: bob", "NT AUTHORITY\\SYSTEM", False, {}),
        Step(1, "ip: 10.0.0.1", "192.0.2.7", False, {}),
    ]


def test_a_trace_of_a_single_comparison_has_one_step():
    assert Condition({"EventID|gt": 5}).trace(EVENT) == [Step(0, "EventID|gt: 5", "861", True, {})]


@pytest.mark.parametrize(
    ("spec", "path", "message", "hint"),
    [
        ({"hostnam": "x"}, ("hostnam",), 'unknown field "hostnam"', '"hostname"'),
        ({"user": "x"}, ("user",), 'unknown field "user"', "(?P<user>…)"),
        ({"re": "(?P<user>x)", "usr": "y"}, ("usr",), 'unknown field "usr"', '"user"'),
        ({"not": {"re": "(?P<user>x)"}, "user": "y"}, ("user",), 'the capture "user" has no value here', "not"),
        ({"any": [{"re": "(?P<a>x)"}, {"a": "y"}]}, ("any", 1, "a"), 'the capture "a" has no value here', "another"),
        ({"a|re": "(?P<b>x)", "b|re": "(?P<a>x)"}, ("a|re",), 'the capture "a" has no value here', "waits"),
        ({"re": "(?P<message>x)"}, ("re",), 'a capture cannot be called "message": that is part', "another name"),
        ({"re": ["a", "(?P<count>x)"]}, ("re", 1), 'a capture cannot be called "count"', "another name"),
        ({"re": "(?P<text>x)"}, ("re",), 'a capture cannot be called "text": that is a word', "another name"),
        ({"not": {"re": "(?P<raw>x)"}}, ("not", "re"), 'a capture cannot be called "raw"', "another name"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_cure(spec, path, message, hint):
    error = error_of(spec)
    assert (path, True) == (error.path, str(error).startswith(message))
    assert hint is None or hint in error.hint


def test_all_mistakes_are_told_at_once():
    error = error_of({"hostnam": "x", "any": [{"re": "(?P<line>x)"}, {"usr": "y"}]})
    assert len([error, *error.others]) == 3
