import pytest

from collector.priority import PRI_COUNT
from collector.rules.condition import Condition
from collector.rules.requirement import All, Any, Anything, Pattern, Pri, Text, Value

CRITICAL = Pri(frozenset(pri for pri in range(PRI_COUNT) if pri & 7 == 2))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"re": r"Failed (?P<x>\d+)"}, Text(r"Failed (?P<x>\d+)")),
        ({"re|i": "failed"}, Text("failed", ignore_case=True)),
        ({"re|s": "a.b"}, Text("(?s)a.b")),
        ({"re|i|m": "^b"}, Text("(?m)^b", ignore_case=True)),
        ({"re": ["a", "b"]}, Any((Text("a"), Text("b")))),
        ({"re|all": ["a", "b"]}, All((Text("a"), Text("b")))),
        ({"text": "A*b"}, Value("line", "a*b", whole=False)),
        ({"text|cased": "A*b"}, Value("line", "A*b", whole=False, cased=True)),
        ({"app_name": "sshd"}, Value("app_name", "sshd")),
        ({"app_name|cased": "Sshd"}, Value("app_name", "Sshd", cased=True)),
        ({"EventID": 861}, Value("EventID", "861")),
        ({"EventID": [1, 2]}, Any((Value("EventID", "1"), Value("EventID", "2")))),
        ({"message|contains|all": ["A", "b"]}, All((
            Value("message", "a", whole=False), Value("message", "b", whole=False),
        ))),
        ({"message|startswith": "Abc"}, Value("message", "abc", whole=False)),
        ({"hostname": "dc*.example?net"}, All((
            Value("hostname", "dc", whole=False), Value("hostname", ".example", whole=False),
            Value("hostname", "net", whole=False),
        ))),
        ({"hostname": r"a\*b"}, Value("hostname", "a*b")),
        ({"hostname": "*"}, Anything()),
        ({"message|re": "^x+$"}, Pattern("message", "^x+$")),
        ({"User|re|i": "x"}, Pattern("User", "x", ignore_case=True)),
        ({"severity": "crit"}, CRITICAL),
        ({"severity|lte": "debug"}, Anything()),
        ({"severity": "crit", "text": "x"}, All((CRITICAL, Value("line", "x", whole=False)))),
        ({"app_name": [None, "sshd"]}, Anything()),
        ({"app_name|exists": True}, Anything()),
        ({"EventID|gt": 5}, Anything()),
        ({"peer": "192.0.2.7"}, Anything()),
        ({"msg_id": "ID47"}, Anything()),
        ({"shape": "x"}, Anything()),
        ({"not": {"text": "x"}}, Anything()),
        ({"text": "x", "not": {"text": "y"}}, Value("line", "x", whole=False)),
        ({"any": [{"text": "x"}, {"EventID|gt": 5}]}, Anything()),
        ({"any": [{"text": "x"}, {"text": "y", "EventID|gt": 5}]}, Any((
            Value("line", "x", whole=False), Value("line", "y", whole=False),
        ))),
        ({"re": "(?P<ip>x)", "ip": "10.0.0.1"}, Text("(?P<ip>x)")),
    ],
)  # fmt: skip
def test_a_condition_tells_what_a_row_needs(spec, expected):
    assert Condition(spec).requirement == expected
