import pytest

from collector.errors import CollectorError
from collector.routing.where import WhereError, compile_where

RECORD = {
    "facility": "auth",
    "severity": "warning",
    "hostname": "DC-01.example.net",
    "app_name": "sshd",
    "proc_id": "411",
    "msg_id": None,
    "message": "Failed password for root from 192.0.2.7 port 22",
    "peer": "192.0.2.7:4428",
    "charset": "utf-8",
    "line": "Oct 11 22:14:15 DC-01 sshd[411]: Failed password for root from 192.0.2.7 port 22",
}


def fits(spec, **values):
    return compile_where(spec).test(RECORD | values)


def error_of(spec):
    with pytest.raises(WhereError) as caught:
        compile_where(spec)
    return caught.value


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"hostname": "dc-01.EXAMPLE.net"}, True),
        ({"hostname": "dc-01"}, False),
        ({"hostname": "dc*"}, True),
        ({"hostname": "dc-0?.*"}, True),
        ({"hostname": ["gw*", "dc*"]}, True),
        ({"hostname": ["gw", "fw"]}, False),
        ({"hostname|cased": "dc*"}, False),
        ({"hostname|cased": "DC*"}, True),
        ({"app_name": "sshd", "hostname": "dc*"}, True),
        ({"app_name": "sshd", "hostname": "gw*"}, False),
        ({"message|contains": "PASSWORD for"}, True),
        ({"message|contains|cased": "PASSWORD for"}, False),
        ({"message|contains": "failed*root"}, True),
        ({"message|contains|all": ["failed", "root"]}, True),
        ({"message|contains|all": ["failed", "toor"]}, False),
        ({"message|all": ["failed*", "*port 22"]}, True),
        ({"message|startswith": "failed"}, True),
        ({"message|startswith": "password"}, False),
        ({"message|endswith": ["port 22", "port 23"]}, True),
        ({"message|re": r"from \d+\.\d+"}, True),
        ({"message|re": "failed"}, False),
        ({"message|re": "(?i)^failed"}, True),
        ({"message|re|all": ["root", "toor"]}, False),
        ({"message|re|i": "^failed"}, True),
        ({"message|re|i|all": ["FAILED", "toor"]}, False),
        ({"re": r"sshd\[\d+\]: Failed"}, True),
        ({"re": ["sudo", "ssh.: failed"]}, False),
        ({"re|i": ["sudo", "ssh.*: failed"]}, True),
        ({"re|i|all": ["sudo", "ssh.*: failed"]}, False),
        ({"text": "sshd[411]: FAILED"}, True),
        ({"text|cased": "sshd[411]: FAILED"}, False),
        ({"text": "sshd*Failed"}, False),
        ({"text": ["nothing", "root"]}, True),
        ({"text|all": ["nothing", "root"]}, False),
        ({"text|cased|all": ["Failed", "root"]}, True),
        ({"message|re|spaced": "^ Failed"}, True),
        ({"message|re|spaced": "^Failed"}, True),
        ({"message|re|spaced": "^ root"}, False),
        ({"proc_id": 411}, True),
        ({"proc_id": "411"}, True),
        ({"proc_id|gt": 410, "proc_id|lte": "411"}, True),
        ({"proc_id|lt": 411}, False),
        ({"msg_id": None}, True),
        ({"app_name": None}, False),
        ({"msg_id": [None, "ID47"]}, True),
        ({"app_name": [None, "sshd"]}, True),
        ({"msg_id|exists": False}, True),
        ({"msg_id|exists": True}, False),
        ({"app_name|exists": True}, True),
        ({"msg_id": "*"}, False),
        ({"not": {"app_name": "cron"}}, True),
        ({"not": {"app_name": "sshd"}}, False),
        ({"not": {"msg_id": "x"}}, True),
        ({"any": [{"app_name": "cron"}, {"hostname": "dc*"}]}, True),
        ({"any": [{"app_name": "cron"}, {"hostname": "gw*"}]}, False),
        ({"all": [{"app_name": "sshd"}, {"not": {"hostname": "gw*"}}]}, True),
        (
            {"any": [{"app_name": "cron"}, {"all": [{"app_name": "s*"}, {"severity": "warn"}]}], "facility": "auth"},
            True,
        ),
    ],
)
def test_conditions_are_true_or_false_of_a_record(spec, expected):
    assert expected == fits(spec)


@pytest.mark.parametrize(
    ("spec", "severities"),
    [
        ({"severity": "err"}, "err"),
        ({"severity": "Error"}, "err"),
        ({"severity": "panic"}, "emerg"),
        ({"severity": 3}, "err"),
        ({"severity": "3"}, "err"),
        ({"severity": ["warn", "err"]}, "err warning"),
        ({"severity|lte": "warning"}, "emerg alert crit err warning"),
        ({"severity|lte": 4}, "emerg alert crit err warning"),
        ({"severity|lt": "error"}, "emerg alert crit"),
        ({"severity|gte": "info"}, "info debug"),
        ({"severity|gt": 6}, "debug"),
        ({"severity": "*er*"}, "emerg alert err"),
        ({"severity|contains": "er"}, "emerg alert err"),
        ({"severity|re": "^(e|i)"}, "emerg err info"),
        ({"severity|exists": True}, "emerg alert crit err warning notice info debug"),
    ],
)
def test_severities_have_names_aliases_numbers_and_an_order(spec, severities):
    where = compile_where(spec)
    names = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    assert severities == " ".join(name for name in names if where.test({"severity": name}))


def test_facilities_have_names_aliases_and_wildcards():
    assert fits({"facility": "security"})
    assert fits({"facility": "AUTH*"})
    assert not fits({"facility": ["local*", "mail"]})
    assert fits({"facility": ["local*", "mail"]}, facility="local7")


@pytest.mark.parametrize(
    ("spec", "peer", "expected"),
    [
        ({"peer": "192.0.2.7"}, "192.0.2.7:4428", True),
        ({"peer": "192.0.2.7:4428"}, "192.0.2.7:4428", True),
        ({"peer": "192.0.2.7:1"}, "192.0.2.7:4428", False),
        ({"peer|endswith": ".7"}, "192.0.2.7:4428", True),
        ({"peer": "2001:db8::1"}, "[2001:db8::1]:514", True),
        ({"peer|cidr": "192.0.2.0/24"}, "192.0.2.7:4428", True),
        ({"peer|cidr": "192.0.2.0/24"}, "192.0.2.7", True),
        ({"peer|cidr": "192.0.2.0/24"}, "[::ffff:192.0.2.7]:4428", True),
        ({"peer|cidr": ["10.0.0.0/8", "192.0.3.0/24"]}, "192.0.2.7:4428", False),
        ({"peer|cidr": "2001:db8::/32"}, "[2001:db8::1]:514", True),
        ({"peer|cidr": "2001:db8::/32"}, "2001:db8::1", True),
        ({"peer|cidr": "2001:db8::/32"}, "192.0.2.7:4428", False),
        ({"peer|cidr": "192.0.2.7"}, "192.0.2.7:4428", True),
        ({"peer|cidr": "192.0.2.0/24"}, "/run/collector/log", False),
        ({"peer|cidr": "192.0.2.0/24"}, None, False),
        ({"hostname|cidr": "192.0.2.0/24"}, None, False),
    ],
)
def test_peers_are_compared_with_and_without_port_and_by_network(spec, peer, expected):
    assert expected == fits(spec, peer=peer)


@pytest.mark.parametrize(
    "value", [None, "", "x", "١٢", "9" * 10_000, "1e9", "nan", "4 11", "\udcff", "[", "[::1", "1.2.3.4.5:6", "[" * 9999]
)
@pytest.mark.parametrize(
    "spec",
    [
        {"proc_id|gt": 0},
        {"proc_id|cidr": "0.0.0.0/0"},
        {"proc_id|re": "zz"},
        {"proc_id": "zz*z"},
        {"peer|contains": "zz"},
        {"severity|lte": 7},
        {"facility": "l*"},
    ],
)
def test_no_content_raises(spec, value):
    assert compile_where(spec).test(dict.fromkeys(RECORD, value)) is False


def test_a_missing_field_is_an_absent_one():
    assert compile_where({"app_name": None}).test({})
    assert not compile_where({"app_name": "x"}).test({})


def test_it_tells_which_fields_it_needs():
    where = compile_where({"any": [{"hostname": "x"}, {"not": {"message|contains": "y"}}], "peer|exists": True})
    assert where.needs == {"hostname", "message", "peer"}


@pytest.mark.parametrize(
    ("spec", "path", "message", "hint"),
    [
        ({"hostnam": "x"}, ("hostnam",), 'unknown field "hostnam"', 'did you mean "hostname"?'),
        ({"EventID": 1}, ("EventID",), 'unknown field "EventID"', "known here"),
        ({3: "x"}, (3,), 'unknown field "3"', "known here"),
        ({"message|contain": "x"}, ("message|contain",), 'unknown modifier "contain"', '"contains"'),
        ({"message|neq": "x"}, ("message|neq",), 'unknown modifier "neq"', "not: {message: VALUE}"),
        ({"message|fieldref": "x"}, ("message|fieldref",), 'unknown modifier "fieldref"', "re: "),
        ({"message|windash|contains": "x"}, ("message|windash|contains",), 'unknown modifier "windash"', "[-/]"),
        ({"message|expand": "x"}, ("message|expand",), 'unknown modifier "expand"', "write the values"),
        ({"message|base64|contains": "x"}, ("message|base64|contains",), 'unknown modifier "base64"', "as it stands"),
        ({"message|contains|re": "x"}, ("message|contains|re",), '"contains|re" cannot go together', "take one"),
        ({"message|all|all": "x"}, ("message|all|all",), '"all|all" cannot go together', "take one"),
        ({"message|contains|i": "x"}, ("message|contains|i",), '"contains|i" cannot go together', "belong to re"),
        ({"re|cased|i": "x"}, ("re|cased|i",), '"re|cased|i" cannot go together', "re takes"),
        ({"text|re": "x"}, ("text|re",), '"text|re" cannot go together', "text takes"),
        ({"text|exists": True}, ("text|exists",), '"text|exists" cannot go together', "text takes"),
        ({"re": None}, ("re",), "there is nothing to search for", "Failed password"),
        ({"txt": "x"}, ("txt",), 'unknown field "txt"', '"text"'),
        ({"message|exists": "yes"}, ("message|exists",), "exists is true or false", "message|exists: true"),
        ({"hostname": []}, ("hostname",), "the list of values is empty", "remove"),
        ({"hostname": True}, ("hostname",), "a value is text or a number", '"true"'),
        ({"hostname": ["a", {"b": 1}]}, ("hostname", 1), "a value is text, a number or a list of these", "contains"),
        ({"hostname|contains": None}, ("hostname|contains",), "null takes no modifier", "hostname|exists: false"),
        ({"severity": "wraning"}, ("severity",), 'unknown severity "wraning"', '"warning"'),
        ({"severity": 8}, ("severity",), "unknown severity 8", "there are emerg"),
        ({"severity|lte": "bad"}, ("severity|lte",), 'unknown severity "bad"', "there are emerg"),
        ({"facility": ["mail", "locl0"]}, ("facility", 1), 'unknown facility "locl0"', '"local0"'),
        ({"facility": 16}, ("facility",), "unknown facility 16", "there are kern"),
        ({"facility": "x*"}, ("facility",), 'no facility fits "x*"', "there are kern"),
        ({"facility|gt": "mail"}, ("facility|gt",), "facilities have no order", "name them"),
        ({"proc_id|gt": "many"}, ("proc_id|gt",), '"many" is no number', "digits"),
        ({"message|re": "a("}, ("message|re",), "the regular expression is wrong: missing )", r"\("),
        ({"message|re": ["a", "[[a]"]}, ("message|re", 1), "the regular expression is wrong: Possible nested", r"\s"),
        ({"peer|cidr": "192.0.2.7/24"}, ("peer|cidr",), '"192.0.2.7/24" is no network', '"192.0.2.0/24"'),
        ({"peer|cidr": "gw"}, ("peer|cidr",), '"gw" is no network', "192.0.2.0/24"),
        ({"any": [{"hostname": "x"}, {"app": "y"}]}, ("any", 1, "app"), 'unknown field "app"', '"app_name"'),
        ({"any": {"hostname": "x"}}, ("any",), '"any" takes a list of conditions', "any: ["),
        ({"all": []}, ("all",), '"all" takes a list of conditions', "all: ["),
        ({"not": [{"hostname": "x"}]}, ("not",), "a condition is a mapping of fields to values", "hostname"),
        ({"any": ["x"]}, ("any", 0), "a condition is a mapping of fields to values", "hostname"),
        ({}, (), "a condition is a mapping of fields to values", "hostname"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_cure(spec, path, message, hint):
    error = error_of(spec)
    assert path == error.path
    assert str(error).startswith(message)
    assert error.hint is None if hint is None else hint in error.hint
    assert isinstance(error, CollectorError)


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        (
            {"severity|lte": "wrning", "message|re": "(", "peer|cidr": "1.2.3.4/99", "hostname|foo": "x"},
            [("severity|lte",), ("message|re",), ("peer|cidr",), ("hostname|foo",)],
        ),
        ({"facility": ["mail", "locl0", "nws"]}, [("facility", 1), ("facility", 2)]),
        ({"hostname": [True, "x", {"a": 1}]}, [("hostname", 0), ("hostname", 2)]),
        ({"hostnam|foo|bar": "x"}, [("hostnam|foo|bar",)] * 3),
        (
            {"any": [{"a": 1}, {"not": {"b": 1, "proc_id|gt": "c"}}, "x"], "all": [], "d": 1},
            [("any", 0, "a"), ("any", 1, "not", "b"), ("any", 1, "not", "proc_id|gt"), ("any", 2), ("all",), ("d",)],
        ),
    ],
)
def test_all_mistakes_are_told_at_once(spec, paths):
    error = error_of(spec)
    assert [one.path for one in (error, *error.others)] == paths


def test_nesting_has_a_bound():
    spec = {"hostname": "x"}
    for _ in range(10_000):
        spec = {"not": spec}
    assert str(error_of(spec)) == "conditions are nested too deeply"


def test_flags_change_what_a_dot_and_the_ends_of_lines_mean():
    assert fits({"message|re|s": "a.b"}, message="a\nb")
    assert not fits({"message|re": "a.b"}, message="a\nb")
    assert fits({"message|re|m": "^b$"}, message="a\nb")
    assert not fits({"message|re": "^b$"}, message="a\nb")


@pytest.mark.parametrize(
    ("pattern", "offset", "hint"),
    [
        ("user (x", 5, r"\("),
        ("user [x", 5, r"\["),
        ("user **", 6, r"\*"),
        ("(?<user>x)", 1, "(?P<name>"),
        (r"\q", 0, r"\\"),
        ("x(?i)", 1, "at the beginning"),
        ("(?<=a*)b", None, "look-behind"),
        ("[[:space:]]", None, r"\s"),
        ("(?P<a>x)(?P<a>y)", 12, "a name of its own"),
        ("(?P<1>x)", 4, "letters, digits"),
    ],
)
def test_a_wrong_regular_expression_is_told_with_place_and_cure(pattern, offset, hint):
    error = error_of({"message|re": pattern})
    assert (error.id, error.offset) == ("regex", offset)
    assert hint in error.hint
