from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.protocol.parsers import Context, parse

NOW = datetime(2026, 2, 3, 8, 9, 10, tzinfo=UTC)
CONTEXT = Context(NOW, UTC, "192.0.2.7:4428", "cp932", 600.0)


def test_what_is_known_of_the_sender_is_in_the_record():
    record = parse("<13>Feb  3 08:09:10 gate su: x", CONTEXT)
    assert (record.peer, record.charset, record.received_at) == ("192.0.2.7:4428", "cp932", NOW)


@pytest.mark.parametrize(("seconds", "source", "marks"), [
    (-600, "sender", ()), (-601, "arrival", ("clock_skew",)), (600, "sender", ()), (601, "arrival", ("clock_skew",)),
])  # fmt: skip
def test_a_stamp_too_far_off_the_clock_is_kept_and_not_used(seconds, source, marks):
    time = NOW + timedelta(seconds=seconds)
    record = parse(f"<13>1 {time.isoformat()} gate su - - - x", CONTEXT)
    assert (record.timestamp, record.time_source, record.marks) == (time, source, marks)


def test_any_stamp_is_used_when_no_limit_is_set():
    record = parse("<13>1 1985-04-12T23:20:50.52Z gate su - - - x", replace(CONTEXT, max_skew=None))
    assert (record.time_source, record.marks) == ("sender", ())


def test_a_time_without_zone_is_in_the_configured_one():
    tokyo = replace(CONTEXT, zone=ZoneInfo("Asia/Tokyo"))
    assert parse("<13>Feb  3 17:09:10 gate su: x", tokyo).timestamp == NOW
    assert parse("<13>1 2026-02-03T17:09:10 gate su - - - x", tokyo).timestamp == NOW
    assert parse("<13>x", tokyo).stamp == "Feb  3 17:09:10"


def test_without_a_peer_and_a_name_there_is_no_host_name():
    assert parse("<13>x", replace(CONTEXT, peer=None)).hostname is None


def test_a_line_of_another_form_is_read_in_the_other_form():
    assert parse("<13>1 2026-02-03T08:09:10Z gate su - - - x", CONTEXT).msg_id is None
    assert parse("<13>1 su: x", CONTEXT).message == "1 su: x"
