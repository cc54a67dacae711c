import io

import pytest

from collector.service import refusals
from collector.service.ownlog import OwnLog
from collector.service.refusals import RefusalLog, Refusals

UDP, TCP = "udp 0.0.0.0:514", "tcp 0.0.0.0:514"


@pytest.fixture
def told():
    return io.StringIO()


@pytest.fixture
def log(told):
    one = RefusalLog(OwnLog(told, journal=True))
    one.tell(100.0)
    return one


def report(*notes):
    worker = Refusals()
    for note in notes:
        worker.note(*note, "5/s" if note[1] in ("rate_limit", "throttled") else "7")
    return list(worker.reports())


def hears(log, *notes):
    for slot, event in enumerate(report(*notes)):
        log.hears(slot, event)


def lines(told):
    return [line.removeprefix("<4>") for line in told.getvalue().splitlines()]


def test_one_line_names_the_sender_with_the_most_and_how_many_there_are(log, told):
    hears(log, (UDP, "rate_limit", "a", 10), (UDP, "rate_limit", "b", 12_000), (UDP, "rate_limit", "b", 345))
    hears(log, (UDP, "rate_limit", "c", 5))
    log.tell(101.0)

    assert lines(told) == [f"{UDP}: dropped 12,345 messages from b, over 5/s, in 1 s; 3 such senders, 12,360 messages."]


@pytest.mark.parametrize(
    ("note", "line"),
    [
        ((UDP, "not_allowed", "a", 2), "refused 2 messages from a, who is not in allow, in 1 s."),
        ((TCP, "not_allowed", "a", 1), "refused 1 connection from a, who is not in allow, in 1 s."),
        ((TCP, "sender_limit", "a", 3),
         "turned away 3 connections from a, who has 7 (max_connections_per_sender), in 1 s."),
        ((TCP, "throttled", "a", 1), "made a wait 1 time, as it sends more than 5/s, in 1 s."),
    ],
)  # fmt: skip
def test_each_reason_has_its_sentence(log, told, note, line):
    hears(log, note)
    log.tell(101.0)

    assert lines(told) == [f"{note[0]}: {line}"]


def test_the_next_line_comes_ten_seconds_later_with_all_that_came_between(log, told):
    for second in range(1, 25):
        hears(log, (UDP, "rate_limit", "a", 100), (TCP, "throttled", "b", 1))
        log.tell(100.0 + second)

    mine = [line for line in lines(told) if line.startswith(UDP)]
    assert len(lines(told)) == 2 * len(mine) == 6
    assert mine[1] == f"{UDP}: dropped 1,000 messages from a, over 5/s, in 10 s."


def test_at_the_end_the_rest_is_told(log, told):
    hears(log, (UDP, "rate_limit", "a", 100))
    log.tell(101.0)
    hears(log, (UDP, "rate_limit", "a", 7))
    log.close(104.0)

    assert lines(told)[1:] == [f"{UDP}: dropped 7 messages from a, over 5/s, in 3 s."]


def test_after_silence_the_first_line_comes_at_once_again(log, told):
    hears(log, (UDP, "rate_limit", "a", 1))
    for second in range(1, 60):
        log.tell(100.0 + second)
    hears(log, (UDP, "rate_limit", "a", 1))
    log.tell(160.0)

    assert len(lines(told)) == 2
    assert log._told[UDP, "rate_limit", "5/s"].numbers == {}


def test_a_flood_of_senders_is_counted_but_not_remembered(log, told):
    hears(log, *((UDP, "not_allowed", f"10.0.{number >> 8}.{number & 255}", 2) for number in range(50_000)))
    hears(log, *((UDP, "not_allowed", f"11.0.{number >> 8}.{number & 255}", 1) for number in range(50_000)))

    assert len(log._told[UDP, "not_allowed", "7"].numbers) == refusals._SENDERS + 1
    log.tell(101.0)
    assert lines(told)[0].endswith("; 1,000 or more such senders, 150,000 messages.")


def test_a_report_of_a_flood_fits_into_a_datagram():
    senders = ["2001:db8" + 6 * f":{number:x}" for number in range(0x1000, 0x9000)]
    events = report(*((UDP, "not_allowed", sender, 2**40) for sender in senders))

    assert [len(event["senders"]) for event in events] == [refusals._SENDERS + 1]
    assert len(str(events[0])) < 200_000


def test_what_was_reported_is_forgotten():
    worker = Refusals()
    worker.note(UDP, "rate_limit", "a", 1, "5/s")

    assert [len(list(worker.reports())) for _ in range(2)] == [1, 0]
