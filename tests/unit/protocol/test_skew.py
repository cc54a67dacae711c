from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.skew import ENOUGH, skew_of

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)
PEER = "192.0.2.7:514"


def _skew(message, zone=UTC, hosts=None, **policy):
    return skew_of(message, PEER, NOW.astimezone(zone), Interpreter(zone, HostMap(hosts or {}), 60.0, **policy))


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        (b"<13>Nov 22 15:00:03 gate app: x", 3),
        (b"<13>Nov 22 14:48:00 gate app: x", -720),
        (b"<13>1 2026-11-22T16:00:00.5+01:00 gate app - - - x", 0.5),
        (b"<189>45: *Mar  1 1993 00:00:00: %SYS-5-CONFIG_I: x", -1_064_415_600),
        (b"<13>Nov 22 15:00:09 gate app: x\n<13>Nov 22 15:00:01 gate app: y", 9),
        ("<13>Nov 22 15:00:03 gate app: 着信".encode("cp932"), 3),
        (b"<13>Nov 22 15:00:03 gate app: " + b"x" * 2 * ENOUGH, 3),
    ],
)
def test_a_stamp_tells_how_far_the_clock_is_off_however_far_and_in_every_form(message, seconds):
    assert _skew(message).seconds == seconds


@pytest.mark.parametrize(
    "message", [b"<13>no stamp", b"", b"\xff\xfe\n", b"<13>Feb 31 12:00:00 gate app: x", b"<13>1 - - - - - -"]
)
def test_a_message_without_a_stamp_tells_nothing(message):
    assert _skew(message) is None


def test_who_does_not_believe_a_sender_is_told_nothing():
    assert _skew(b"<13>Nov 22 18:00:00 gate app: x", time="arrival") is None


@pytest.mark.parametrize(
    ("stamp", "zone"),
    [
        (b"Nov 23 00:00:02", "+09:00"),
        (b"Nov 22 07:00:40", "-08:00"),
        (b"Nov 22 20:44:50", "+05:45"),
        (b"Nov 22 15:05:00", None),  # no zone is five minutes from another
        (b"Nov 22 18:07:00", None),
        (b"Nov 24 15:00:00", None),
    ],
)
def test_a_difference_like_that_of_a_time_zone_names_the_zone(stamp, zone):
    assert _skew(b"<13>%b gate app: x" % stamp).zone == zone


def test_the_zone_is_told_from_utc_wherever_we_are():
    assert _skew(b"<13>Nov 22 15:00:00 gate app: x", ZoneInfo("Asia/Tokyo")) == (-32400.0, "+00:00")


def test_a_stamp_that_names_its_zone_has_no_wrong_one():
    assert _skew(b"<13>1 2026-11-23T00:00:00Z gate app - - - x") == (32400.0, None)


def test_the_zone_of_a_host_counts_by_its_name_or_address():
    message = b"<13>Nov 23 00:00:00 gate app: x"

    assert _skew(message, hosts={"gate": ZoneInfo("Asia/Tokyo")}).seconds == 0
    assert _skew(message, hosts={"192.0.2.0/24": ZoneInfo("Asia/Tokyo")}).seconds == 0
