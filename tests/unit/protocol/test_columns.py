from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.batch import Fix
from collector.protocol.columns import COLUMNS, reader
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.scan import FULL_3164, FULL_5424

TOKYO = ZoneInfo("Asia/Tokyo")
RECEIVED = datetime(2026, 2, 3, 17, 9, 10, tzinfo=TOKYO)
PEER = "192.0.2.7:4428"
INTERPRETER = Interpreter(TOKYO, HostMap({}), 86_400.0)
BSD = "<135>Feb  3 17:09:09 atropos security[failure] 861 着信"
IETF = "<34>1 2026-02-03T08:09:10.5Z gate app 411 ID47 - text"


def columns_of(row, names=tuple(COLUMNS)):
    return reader(names)((row, PEER), INTERPRETER.moment(RECEIVED))


def fast(pattern, line):
    [row] = pattern.findall(line + "\n")
    assert row[0]
    return row


def test_a_row_of_rfc_3164_has_these_columns():
    assert columns_of(fast(FULL_3164, BSD)) == {
        "timestamp": datetime(2026, 2, 3, 17, 9, 9, tzinfo=TOKYO), "received_at": RECEIVED, "pri": 135,
        "facility": "local0", "severity": "debug", "hostname": "atropos", "app_name": "security", "proc_id": None,
        "msg_id": None, "structured_data": {}, "message": "861 着信", "peer": PEER, "charset": "utf-8",
        "time_source": "sender", "line": BSD[5:], "raw": BSD, "program": "security", "tag": "security:", "sd": None,
        "address": "192.0.2.7",
    }  # fmt: skip


def test_a_row_of_rfc_5424_has_these_columns():
    assert columns_of(fast(FULL_5424, IETF)) == {
        "timestamp": datetime(2026, 2, 3, 8, 9, 10, 500_000, tzinfo=UTC), "received_at": RECEIVED, "pri": 34,
        "facility": "auth", "severity": "crit", "hostname": "gate", "app_name": "app", "proc_id": "411",
        "msg_id": "ID47", "structured_data": {}, "message": "text", "peer": PEER, "charset": "ascii",
        "time_source": "sender", "line": "Feb  3 08:09:10 gate app[411]: text", "raw": IETF,
        "program": "app", "tag": "app[411]:", "sd": None, "address": "192.0.2.7",
    }  # fmt: skip


@pytest.mark.parametrize(("pattern", "line"), [(FULL_3164, BSD), (FULL_5424, IETF)])
def test_the_record_of_the_same_message_has_the_same_columns(pattern, line):
    odd = INTERPRETER.read(line, None, PEER, RECEIVED)

    assert columns_of(odd) == columns_of(fast(pattern, line))


def test_structured_data_is_a_column_of_records():
    odd = INTERPRETER.read('<34>1 - gate - - - [a b="c"] text', None, PEER, RECEIVED)

    assert columns_of(odd, ["structured_data"]) == {"structured_data": {"a": {"b": "c"}}}


def test_of_a_mended_message_the_exact_text_is_read_and_the_line_is_the_visible_one():
    fix = Fix("<34>Feb  3 17:09:09 gate su: a\x1bb", "ascii", ())
    odd = INTERPRETER.read("<34>Feb  3 17:09:09 gate su: a#033b", fix, PEER, RECEIVED)

    assert columns_of(odd, ["message", "line", "raw"]) == {
        "message": "a\x1bb",
        "line": "Feb  3 17:09:09 gate su: a#033b",
        "raw": "<34>Feb  3 17:09:09 gate su: a#033b",
    }


def test_a_stamp_far_from_the_clock_is_shown_but_does_not_count():
    row = fast(FULL_3164, BSD.replace("Feb  3", "Jan  3"))

    assert columns_of(row, ["timestamp", "time_source"]) == {
        "timestamp": datetime(2026, 1, 3, 17, 9, 9, tzinfo=TOKYO),
        "time_source": "arrival",
    }
    assert RECEIVED - columns_of(row, ["timestamp"])["timestamp"] > timedelta(days=1)


def test_only_what_is_asked_for_is_read_in_the_order_of_the_names():
    assert list(columns_of(fast(FULL_3164, BSD), ["severity", "hostname"]).items()) == [
        ("severity", "debug"),
        ("hostname", "atropos"),
    ]


def test_a_field_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        reader(["hostnam"])


def test_the_name_of_a_program_ends_at_a_slash_and_structured_data_is_text_as_it_was_sent():
    odd = INTERPRETER.read('<34>1 2026-02-03T08:09:10Z gate postfix/smtpd 7 - [a@1 b="c\\]"] x', None, None, RECEIVED)
    columns = columns_of(odd)

    assert [columns[name] for name in ("app_name", "program", "tag", "address")] == [
        "postfix/smtpd", "postfix", "postfix/smtpd[7]:", "192.0.2.7",
    ]  # fmt: skip
    assert columns["sd"] == '[a@1 b="c\\]"]'
    slash = columns_of(INTERPRETER.read("<34>Feb  3 08:09:10 gate /usr/sbin/x: y", None, None, RECEIVED))
    assert (slash["app_name"], slash["program"]) == ("/usr/sbin/x", "/usr/sbin/x")
