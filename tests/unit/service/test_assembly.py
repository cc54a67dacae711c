import tracemalloc
from datetime import UTC, datetime

from collector.batch import Odd
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.routing.where import compile_where
from collector.service.assembly import RowTest, row_key

NOW = datetime(2026, 2, 3, 17, 9, 10, tzinfo=UTC)
INTERPRETER = Interpreter(UTC, HostMap({}), None)


def pair(host):
    odd = INTERPRETER.read(f"<34>Feb  3 17:09:09 {host} su: text", None, None, NOW)
    assert isinstance(odd, Odd)
    return odd, None


def test_long_values_are_not_kept_in_memory():
    moment = INTERPRETER.moment(NOW)
    test = RowTest(compile_where({"hostname": "gate*"}), lambda: moment)
    tracemalloc.start()
    try:
        answers = [test(pair(f"gate{number}" + "x" * 60_000)) for number in range(50)]
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answers == [True] * 50
    assert kept < 1_000_000


def test_what_filters_depend_on_is_a_key_where_it_is_often_the_same():
    tests = [RowTest(compile_where({name: "x"}), lambda: None) for name in ("hostname", "program", "hostname")]
    row = ("13", "", "", "gate", "postfix/smtpd", "7", "", "", "text", "")
    key = row_key(tests, lambda: None)

    assert key((row, None)) == ("gate", "postfix")
    assert key((("13", "", "", "h" * 300, "x", "", "", "", "", ""), None)) is None
    for name in ("message", "proc_id", "peer", "tag"):
        assert row_key([*tests, RowTest(compile_where({name: "x"}), lambda: None)], lambda: None) is None
