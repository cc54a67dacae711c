from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.batch import Fix
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter, traditional_line
from collector.protocol.policy import Policy
from collector.protocol.timestamp import bsd_stamp

TOKYO = ZoneInfo("Asia/Tokyo")
RECEIVED = datetime(2026, 2, 3, 17, 9, 10, tzinfo=TOKYO)
PEER = "192.0.2.7:4428"
INTERPRETER = Interpreter(TOKYO, HostMap({}), 86_400.0)
ZONED = Interpreter(TOKYO, HostMap({"gate": UTC, "192.0.2.0/24": ZoneInfo("Europe/Berlin")}), None)


def read(line, fix=None, peer=PEER, interpreter=INTERPRETER):
    return interpreter.read(line, fix, peer, RECEIVED)


def test_a_clean_line_gives_one_record_for_both_forms():
    odd = read("<34>Feb  3 17:09:09 gate su: text")

    assert odd.visible is odd.record
    assert (odd.line, odd.raw) == ("Feb  3 17:09:09 gate su: text", "<34>Feb  3 17:09:09 gate su: text")
    assert (odd.record.charset, odd.record.peer, odd.record.received_at) == ("ascii", PEER, RECEIVED)


def test_text_beyond_ascii_is_utf_8_unless_its_fix_knows_better():
    assert read("<34>着信").record.charset == "utf-8"
    assert read("<34>着信", Fix("<34>着信", "cp932", ())).record.charset == "cp932"


def test_what_was_mended_has_its_exact_text_in_the_record_and_the_visible_one_in_lines():
    line = "<34>Feb  3 17:09:09 gate su: a#033[31m#012b"
    odd = read(line, Fix("<34>Feb  3 17:09:09 gate su: a\x1b[31m\nb", "ascii", ()))

    assert odd.record.message == "a\x1b[31m\nb"
    assert odd.visible.message == "a#033[31m#012b"
    assert (odd.line, odd.raw) == ("Feb  3 17:09:09 gate su: a#033[31m#012b", line)


def test_a_number_sign_before_digits_stays_itself_in_the_record():
    odd = read(
        "<34>Feb  3 17:09:09 gate su: issue #043123", Fix("<34>Feb  3 17:09:09 gate su: issue #123", "ascii", ())
    )

    assert (odd.record.message, odd.visible.message) == ("issue #123", "issue #043123")


def test_marks_of_the_fix_are_added_to_those_of_the_parser():
    odd = read(
        "no header [truncated, 7 bytes lost]", Fix("no header [truncated, 7 bytes lost]", "ascii", ("truncated",))
    )

    assert odd.record.marks == ("no_pri", "no_timestamp", "truncated")


def test_a_line_without_a_host_name_has_the_address_of_its_sender():
    assert read("<34>two plain words").line == "Feb  3 17:09:10 192.0.2.7 two plain words"
    assert read("<34>two plain words", peer=None).line == "Feb  3 17:09:10 - two plain words"


@pytest.mark.parametrize(
    ("stamp", "hour", "source"),
    [
        ("Feb  3 17:09:09", 8, "sender"),
        ("Feb  4 17:09:10", 8, "sender"),
        ("Feb  2 17:09:09", 8, "arrival"),
        ("Feb 30 17:09:09", 8, "arrival"),
        ("2026-02-03T17:09:09Z", 17, "sender"),
        ("2026-02-06T17:09:09Z", 17, "arrival"),
    ],
)
def test_the_time_that_counts_is_the_senders_unless_it_is_far_off(stamp, hour, source):
    time, found, marks = INTERPRETER._resolve(RECEIVED, stamp, "gate", PEER)
    line = f"<34>{stamp} gate su: x" if stamp[0] == "F" else f"<34>1 {stamp} gate su - - - x"
    record = read(line).record

    assert (time.astimezone(UTC).hour, found) == (hour, source)
    assert (record.timestamp, record.time_source, record.marks) == (time, found, marks)


def test_a_zone_is_that_of_the_host_then_of_its_network_then_the_default():
    line = "<34>Feb  3 12:00:00 {} su: x"
    hours = [
        read(line.format(host), peer=peer, interpreter=ZONED).record.timestamp.astimezone(UTC).hour
        for host, peer in (("gate", PEER), ("other", PEER), ("other", "198.51.100.1:1"), ("other", None))
    ]

    assert hours == [12, 11, 3, 3]


def test_rows_of_one_moment_are_resolved_once_unless_hosts_have_zones():
    moment = INTERPRETER.moment(RECEIVED)
    first = moment.time_of("Feb  3 17:09:09", "gate", PEER)
    assert moment.time_of("Feb  3 17:09:09", "other", PEER) is first

    zoned = ZONED.moment(RECEIVED)
    times = [zoned.time_of("Feb  3 12:00:00", host, "198.51.100.1:1").time for host in ("gate", "other")]
    assert [time.astimezone(UTC).hour for time in times] == [12, 3]
    assert zoned.by_stamp == {}


def test_a_trusting_reader_believes_old_stamps_and_may_have_another_zone():
    line = "<34>Oct 11 22:14:15 other su: x"
    trusting = ZONED.trusting(UTC)

    assert read(line).record.time_source == "arrival"
    assert read(line, interpreter=INTERPRETER.trusting(None)).record.time_source == "sender"
    assert read(line, interpreter=INTERPRETER.trusting(None)).record.timestamp.utcoffset() == RECEIVED.utcoffset()
    assert read(line, peer=None, interpreter=trusting).record.timestamp == datetime(
        2025, 10, 11, 22, 14, 15, tzinfo=UTC
    )
    assert read(line, interpreter=trusting).record.timestamp.tzname() == "CEST"


def test_a_traditional_line_is_stamp_host_and_text():
    record = read('<34>1 2026-02-03T08:09:10.5-03:30 gate app 411 ID47 [a b="c"] text').record

    assert traditional_line(record) == "Feb  3 08:09:10 gate app[411]: text"


@pytest.mark.parametrize(
    ("text", "hostname", "line"),
    [
        ("<13>Feb  3 17:09:09 liar app: x", "192.0.2.9", "Feb  3 17:09:09 192.0.2.9 app: x"),
        ("<13>app: x", "192.0.2.9", f"{bsd_stamp(RECEIVED)} 192.0.2.9 app: x"),
        ("<13>1 - liar app - - - x", "192.0.2.9", f"{bsd_stamp(RECEIVED)} 192.0.2.9 app: x"),
        ("no PRI", "192.0.2.9", f"{bsd_stamp(RECEIVED)} 192.0.2.9 no PRI"),
    ],
)
def test_the_peer_may_count_more_than_the_host_name_in_the_message(text, hostname, line):
    odd = INTERPRETER.under(Policy(hostname="peer")).read(text, None, "192.0.2.9:514", RECEIVED)

    assert (odd.record.hostname, odd.line, odd.raw) == (hostname, line, text)


def test_without_a_peer_the_host_name_in_the_message_counts():
    odd = INTERPRETER.under(Policy(hostname="peer")).read("<13>Feb  3 17:09:09 gate x", None, None, RECEIVED)

    assert odd.record.hostname == "gate"


def test_peers_have_the_names_that_are_known_of_them():
    named = replace(INTERPRETER, name_of={"192.0.2.9:514": "printer"}.get)

    assert named.read("<13>app: x", None, "192.0.2.9:514", RECEIVED).record.hostname == "printer"
    assert named.read("<13>Feb  3 17:09:09 liar x", None, "192.0.2.9:514", RECEIVED).record.hostname == "liar"
    peer = named.under(Policy(hostname="peer"))
    assert peer.read("<13>Feb  3 17:09:09 liar x", None, "192.0.2.9:514", RECEIVED).record.hostname == "printer"


def test_a_zone_of_a_host_is_that_of_the_name_that_counts():
    peer = replace(ZONED, name_of=lambda _: "gate").under(Policy(hostname="peer", max_skew=None))

    assert peer.read("<13>Feb  3 17:09:09 liar x", None, "192.0.2.9:514", RECEIVED).record.timestamp.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("<13>Feb  3 17:09:09 gate app: x", ()),
        ("<13>Aug 23 17:09:09 gate app: x", ()),
        ("<13>Feb 31 17:09:09 gate app: x", ("bad_timestamp",)),
        ("<13>1 1985-04-12T23:20:50Z gate app - - - x", ()),
        ("<13>app: x", ("no_timestamp",)),
    ],
)
def test_the_time_of_arrival_may_count_more_than_any_stamp(text, marks):
    record = INTERPRETER.under(Policy(zone=UTC, time="arrival")).read(text, None, "192.0.2.9:514", RECEIVED).record

    assert (record.timestamp, record.time_source, record.marks) == (RECEIVED, "arrival", marks)
    assert record.stamp == bsd_stamp(RECEIVED.astimezone(UTC))


@pytest.mark.parametrize(("max_skew", "source"), [(None, "sender"), (3600.0, "arrival"), (86_400.0, "sender")])
def test_how_far_a_clock_may_be_off_is_the_policy_of_the_source(max_skew, source):
    stamp = bsd_stamp(RECEIVED - timedelta(hours=2))
    record = INTERPRETER.under(Policy(max_skew=max_skew)).read(f"<13>{stamp} gate x", None, None, RECEIVED).record

    assert record.time_source == source
