"""When the own log speaks of senders, and what it says."""

import io
from ipaddress import ip_address

import pytest

from collector.protocol.hosts import HostMap
from collector.service.ownlog import OwnLog
from collector.service.senders.notices import SenderNotices, Watched
from collector.service.senders.sentences import clock_text
from collector.service.senders.table import SenderTable

HOUR = 3600.0


class Desk:
    """Notices with a clock to wind; ``said`` are the lines so far."""

    def __init__(self, watched, names=None, level="info"):
        self.stream = io.StringIO()
        log = OwnLog(self.stream, level=level, journal=True)
        self.table = SenderTable()
        self.now = 1000.0
        self.notices = SenderNotices(self.table, log, watched, (names if names is not None else {}).get, self.now)

    def hear(self, *names, skew=None, kind="udp"):
        self.notices.hear([[name, kind, 1, {}, {}, {}, skew] for name in names], self.now)

    def sends(self, seconds, *names, every=1.0, **how):
        end = self.now + seconds
        while self.now < end:
            self.hear(*names, **how)
            self.waits(every, every)

    def waits(self, seconds, every=1.0):
        end = self.now + seconds
        while self.now < end:
            self.now += every
            self.notices.tick(self.now)

    @property
    def said(self):
        return self.stream.getvalue().splitlines()


def test_a_sender_that_falls_silent_is_told_of_once_and_again_when_it_is_back():
    desk = Desk(Watched(HOUR))
    desk.sends(100, "192.0.2.7")
    desk.waits(3 * HOUR)

    assert desk.said == ["<4>192.0.2.7 (udp) has sent nothing for 1 h 0 min."]
    desk.hear("192.0.2.7", kind="tcp")
    desk.waits(2)
    assert desk.said[1:] == ["<6>192.0.2.7 (udp, tcp) is back after 3 h 0 min."]


def test_nothing_is_said_unless_asked_for():
    desk = Desk(Watched())
    desk.sends(100, "192.0.2.7")
    desk.waits(10 * HOUR, 60)

    assert desk.said == []


def test_who_sent_but_once_is_not_missed():
    desk = Desk(Watched(HOUR))
    desk.hear("192.0.2.7")
    desk.waits(3 * HOUR)

    assert desk.said == []


def test_hosts_have_a_patience_of_their_own():
    desk = Desk(Watched(HOUR, HostMap({"192.0.2.0/24": 600.0, "198.51.100.9": 0.0})))
    desk.sends(100, "192.0.2.7", "198.51.100.9", "203.0.113.1")
    desk.waits(700)

    assert desk.said == ["<4>192.0.2.7 (udp) has sent nothing for 10 min 0 s."]
    desk.waits(3 * HOUR)
    assert desk.said[1:] == ["<4>203.0.113.1 (udp) has sent nothing for 1 h 0 min."]


def test_a_host_is_found_by_a_name_that_became_known_later():
    names = {}
    desk = Desk(Watched(0.0, HostMap({"gate": 300.0}), by_name=True), names)
    desk.sends(100, "192.0.2.7")
    names["192.0.2.7"] = "gate"
    desk.waits(400)

    assert desk.said == ["<4>gate (192.0.2.7, udp) has sent nothing for 5 min 0 s."]


def test_an_address_that_is_waited_for_is_missed_though_it_never_sent():
    desk = Desk(Watched(0.0, HostMap({"192.0.2.7": 60.0}), expected=("192.0.2.7",)))
    desk.waits(100)
    desk.hear("192.0.2.7")
    desk.waits(10)

    assert desk.said == [
        "<4>192.0.2.7 was expected to send, and has sent nothing for 1 min 0 s.",
        "<6>192.0.2.7 (udp) is back after 1 min 40 s.",
    ]


def test_many_that_fall_silent_at_once_make_one_line():
    desk = Desk(Watched(HOUR))
    desk.sends(100, *(f"192.0.2.{number}" for number in range(8)))
    desk.waits(2 * HOUR)

    assert len(desk.said) == 1
    assert desk.said[0].startswith("<4>8 senders have sent nothing for long: 192.0.2.0 (udp) for 1 h 0 min, ")
    assert desk.said[0].endswith(" and 3 more; `collector status --senders` shows all of them.")


def test_a_sender_that_comes_and_goes_makes_a_line_in_ten_seconds_at_most():
    desk = Desk(Watched(2.0))
    desk.sends(100, "192.0.2.7", every=4.0)

    assert len(desk.said) <= 2 * (100 / 10 + 1)


def test_nobody_is_silent_while_nobody_is_read():
    desk = Desk(Watched(HOUR))
    desk.sends(100, "192.0.2.7")
    for _ in range(3 * 60):
        desk.notices.excuse(desk.now)
        desk.waits(60, 60)
    desk.waits(HOUR - 61)

    assert desk.said == []
    desk.waits(120)
    assert len(desk.said) == 1


def test_a_wrong_clock_is_told_of_once_a_day():
    desk = Desk(Watched(clock_tolerance=60.0))
    desk.sends(2.5 * 86400, "192.0.2.7", every=30.0, skew=[-192.0, None])

    assert desk.said == ["<4>The clock of 192.0.2.7 (udp) is 3 min 12 s behind."] * 3


def test_a_wrong_zone_is_told_with_its_cure():
    desk = Desk(Watched(clock_tolerance=60.0), {"192.0.2.7": "gate"})
    desk.sends(90, "192.0.2.7", skew=[32401.5, "+09:00"])

    text = (
        "<4>The clock of gate (192.0.2.7, udp) is 9 h 0 min ahead, probably by its time zone. "
        'Cure: timezone: {hosts: {"192.0.2.7": "+09:00"}}.'
    )
    assert desk.said == [text]


@pytest.mark.parametrize(
    ("skew", "text"),
    [
        (-0.4, "0 s behind"), (61.6, "1 min 2 s ahead"), (7140.4, "1 h 59 min ahead"),
        (7199.2, "2 h 0 min ahead"), (-7199.8, "2 h 0 min behind"),
        (86_399.9, "1 d 0 h ahead"), (-5 * 86_400 - 1700, "5 d 0 h behind"),
    ],
)  # fmt: skip
def test_a_difference_is_rounded_to_what_is_shown(skew, text):
    assert clock_text(skew) == text


def test_many_wrong_clocks_make_one_line_and_cast_doubt_on_ours():
    desk = Desk(Watched(clock_tolerance=60.0))
    desk.sends(90, *(str(ip_address("192.0.2.0") + number) for number in range(6)), skew=[600.0, None])

    assert len(desk.said) == 1
    assert desk.said[0].startswith("<4>The clocks of 6 senders are wrong: 192.0.2.0 (udp) is 10 min 0 s ahead, ")
    assert desk.said[0].endswith("All senders agree, so it may be the clock of this machine.")


@pytest.mark.parametrize(("tolerance", "lines"), [(0.0, 0), (500.0, 0), (100.0, 1)])
def test_how_far_a_clock_may_be_off_is_configured(tolerance, lines):
    desk = Desk(Watched(clock_tolerance=tolerance))
    desk.sends(90, "192.0.2.7", skew=[300.0, None])

    assert len(desk.said) == lines


def test_a_reload_counts_for_the_senders_that_are_known():
    desk = Desk(Watched())
    desk.sends(100, "192.0.2.7")
    desk.notices.change(Watched(60.0), desk.now)
    desk.waits(100)

    assert desk.said == ["<4>192.0.2.7 (udp) has sent nothing for 1 min 0 s."]


def test_new_senders_are_told_of_when_debugging():
    desk = Desk(Watched(), level="debug")
    desk.sends(12, "192.0.2.7")
    desk.sends(20, "192.0.2.7", "192.0.2.8", "192.0.2.9")

    assert desk.said == [
        "<7>192.0.2.7 (udp) is heard of for the first time.", "<7>2 new senders: 192.0.2.8 (udp), 192.0.2.9 (udp).",
    ]  # fmt: skip
