import re
import time

import pytest
from status_answers import BUSY, UDP, answer

from collector.service.status import duration, render, size


def test_the_screen_of_a_busy_day():
    assert render(answer(BUSY, workers=(True, False))) == (
        """\
collector 0.1.0, running, pid 4242, up 3 d 3 h, plan 8f3a12c0
workers: 1 of 2 running, restarts: 1, killed because they hung: 1

MESSAGES
  received      1,235,567
  rejected            412  empty 400, oversize 12
  unrouted          1,000  no route asks for them
  routed        1,234,150
  unknown               5  a worker was killed at work on them
  marks: no_pri 12
  charsets: cp932 8

SOURCES                          received        bytes     rejected kernel drops
  udp 127.0.0.1:5514            1,234,567    215.5 MiB          412           44
    rejected: empty 400, oversize 12
    waiting in the kernel: 2.0 KiB of 16.0 KiB (12 %)
  tcp 127.0.0.1:5514                1,000          0 B            0            0
    framing problems: octet_count 2
    lost bytes: octet_count 77
    connections: 3 open of 20; closed: idle 17

SINKS                             offered      written      dropped      pending
  /var/log/windows                    100           90            7            3
    12.1 KiB written, 1 open file
    dropped: disk_full 7
    errors: short_write 2

OTHER NUMBERS
  made_up (colour=blue)                                                        6

Lost before they could be received: 44 (kernel drops).
Everything received is accounted for: received 1,235,567 = rejected 412 +
  unrouted 1,000 + routed 1,234,150 + unknown 5; dropped by the kernel 44."""
    )


def test_the_screen_of_a_service_that_has_seen_nothing():
    screen = render(answer({("received_messages", f"source={UDP}"): 0}))

    assert "OTHER" not in screen
    assert screen.endswith(
        "Everything received is accounted for: received 0 = rejected 0 + unrouted 0 +\n"
        "  routed 0; dropped by the kernel 0."
    )


@pytest.mark.parametrize(
    ("silent", "clocks", "line"),
    [
        (0, 0, "senders: 1,214 (--senders shows them)"),
        (3, 0, "senders: 1,214, 3 silent (--senders shows them)"),
        (3, 2, "senders: 1,214, 3 silent, 2 with a wrong clock (--senders shows them)"),
    ],
)
def test_senders_are_summed_up_in_a_line(silent, clocks, line):
    senders = {"known": 1214, "silent": silent, "wrong_clock": clocks, "forgotten": 0}

    assert render(answer({}, senders=senders)).splitlines()[2] == line


def test_rotation_is_a_line_and_its_errors_are_another():
    counted = {("rotations",): 12, ("rotation_compressed",): 11, ("rotation_deleted",): 3}
    failed = ("rotation_errors", "reason=compress")
    line = "\n  rotated: 12, compressed: 11, deleted as old: 3\n"

    assert line in render(answer({**counted, failed: 0}))
    assert f"{line}  errors of rotation: compress 1\n" in render(answer({**counted, failed: 1}))
    assert "rotat" not in render(answer({**dict.fromkeys(counted, 0), failed: 0}))


def test_what_does_not_add_up_is_the_last_word():
    counters = {
        ("received_messages", f"source={UDP}"): 10, ("routed_messages",): 8,
        ("sink_offered", "sink=/a"): 8, ("sink_written", "sink=/a"): 9,
    }  # fmt: skip
    verdict = render(answer(counters)).split("\n\n")[-1]

    assert verdict.startswith("DOES NOT ADD UP, +2: received 10 = rejected 0 + unrouted 0 + routed 8")
    assert verdict.endswith("DOES NOT ADD UP, -1 at /a: offered 8 = written 9 + dropped 0 + pending 0.")
    assert "accounted for" not in verdict


@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_wider_than_asked(width):
    assert max(map(len, render(answer(BUSY), width).splitlines())) <= width


def test_a_long_name_has_its_numbers_on_the_next_line():
    name = "/var/log/hosts/{{ hostname }}/{{ timestamp | date('%Y-%m-%d') }}.log"
    lines = render(answer({("sink_offered", f"sink={name}"): 12})).splitlines()

    assert lines[lines.index(f"  {name}") + 1].split() == ["12", "0", "0", "0"]


def test_columns_stay_in_line_behind_japanese_names():
    counters = {("sink_offered", "sink=/var/log/監査"): 0, ("sink_offered", "sink=/var/log/plain"): 0}
    japanese, plain = (line for line in render(answer(counters)).splitlines() if "/var/log" in line)

    assert len(japanese.encode("euc-jp")) == len(plain)


def test_numbers_too_large_for_their_column_are_whole():
    counters = {("received_messages", f"source={UDP}"): 2**63, ("routed_messages",): 2**63}

    assert render(answer(counters)).split().count(f"{2**63:,}") == 4


def test_many_sinks_do_not_make_it_slow():
    names = [f"sink=/var/log/{number}" for number in range(1000)]
    counters = {("sink_errors", name, f"reason={reason}"): 1 for name in names for reason in range(8)}
    started = time.process_time()
    render(answer(counters | {("sink_offered", name): 1 for name in names}))

    # Linear in the number of sinks: a tenth of a second; quadratic: ten.
    assert time.process_time() - started < 2.0


def test_names_cannot_steer_the_terminal():
    counters = {("sink_offered", "sink=/a\x1b[2J"): 1, ("rejected_messages", "source=x", "reason=\x07"): 1}

    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", render(answer(counters))) == []


def test_colour_is_only_used_when_asked_for_and_marks_what_is_bad():
    coloured = render(answer(BUSY), colour=True)

    assert "\x1b" not in render(answer(BUSY))
    assert re.sub(r"\x1b\[\d*m", "", coloured) == render(answer(BUSY))
    assert "\x1b[31m    dropped: disk_full 7\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (86400, "1 d 0 h"), (1e7, "115 d 17 h")],
)
def test_a_duration_shows_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (999 * 1024, "999.0 KiB"),
        (1000 * 1024, "1.0 MiB"),
        (1024**2, "1.0 MiB"),
        (5 * 1024**3, "5.0 GiB"),
        (7000 * 1024**4, "7,000.0 TiB"),
    ],
)
def test_a_size_has_a_unit(count, text):
    assert size(count) == text
