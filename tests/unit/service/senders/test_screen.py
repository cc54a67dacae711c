import argparse
import json

import pytest

from collector.errors import CollectorError
from collector.service.senders.screen import SORTS, add_arguments, all_senders, answered, are_wanted, render, selected

NOW = 1_800_000_000.0


def _row(sender, messages=1, last=1.0, **changes):
    row = {
        "sender": sender, "name": None, "via": ["udp"], "first_seen": NOW - 500, "last_seen": NOW - last, "rate": 0.5,
        "messages": messages, "charsets": {}, "problems": {}, "drops": {}, "clock_skew": 0.1, "clock_zone": None,
        "clock_wrong": False, "silent": False,
    }  # fmt: skip
    return row | changes


ROWS = [
    _row("192.0.2.10", 1_234_567, 3, name="gate.example.net", rate=12.44, charsets={"cp932": 812, "euc-jp": 9000},
         problems={"no_pri": 12}),
    _row("192.0.2.9", 20, 725, via=["tcp", "udp"], drops={"rate_limit": 5}, rate=0.01),
    _row("2001:db8::7", 5, 90_000, silent=True, rate=0.0, clock_skew=32400.2, clock_zone="+09:00", clock_wrong=True),
    _row("atropos", 700, 4000, via=["unix"], rate=1234.5, clock_skew=None),
    _row("198.51.100.1", 0, via=[], last_seen=None, rate=0.0, silent=True),
]  # fmt: skip
OTHERS = {"messages": 0, "charsets": {}, "problems": {}, "drops": {}, "senders": 0}


def _names(*filters, sort="last"):
    return [row["sender"] for row in selected(ROWS, filters, sort)]


def test_the_screen_of_some_senders():
    assert render(ROWS, {"senders": ROWS, "others": OTHERS}, NOW) == (
        """\
SENDER                    last seen  per second       messages  problems   drops
  192.0.2.10 (udp)          3 s ago        12.4      1,234,567        12       0
    gate.example.net; euc-jp 9,000, cp932 812; problems: no_pri 12
  192.0.2.9 (tcp, udp)   12 min ago       < 0.1             20         0       5
    drops: rate_limit 5
  2001:db8::7 (udp)         1 d ago         0.0              5         0       0
    silent; clock 9 h 0 min ahead, as in the zone +09:00
  atropos (unix)            1 h ago       1,234            700         0       0
  198.51.100.1                never         0.0              0         0       0
    silent

5 senders.
Per second: over the last minute. Problems: marks, and mistakes of framing.
  Drops: what limits did not let in."""
    )


def test_no_line_is_wider_than_asked_and_long_addresses_have_a_line_of_their_own():
    rows = [_row("2001:db8:1234:5678:9abc:def0:1234:5678", 10**9)]
    lines = render(rows, {"senders": rows, "others": OTHERS}, NOW, 76).splitlines()

    assert max(map(len, lines)) <= 76
    assert lines[1] == "  2001:db8:1234:5678:9abc:def0:1234:5678 (udp)"
    assert "1,000,000,000" in lines[2]


def test_those_that_are_no_longer_kept_apart_are_told():
    others = OTHERS | {"messages": 12_000, "senders": 3}

    assert "12,000 messages came from senders" in render([], {"senders": ROWS, "others": others}, NOW)
    assert "5 senders, of which 0 are shown." in render([], {"senders": ROWS, "others": others}, NOW)


def test_names_cannot_steer_the_terminal():
    rows = [_row("192.0.2.7", name="\x1b[2Jgate")]

    assert "\x1b" not in render(rows, {"senders": rows, "others": OTHERS}, NOW)


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("last", "192.0.2.10"), ("rate", "atropos"), ("messages", "192.0.2.10"), ("problems", "192.0.2.10"),
        ("drops", "192.0.2.9"), ("clock", "2001:db8::7"), ("name", "192.0.2.9"),
    ],
)  # fmt: skip
def test_each_order_begins_with_the_largest(sort, first):
    assert _names(sort=sort)[0] == first


def test_addresses_are_ordered_as_numbers():
    assert _names(sort="name") == ["192.0.2.9", "192.0.2.10", "198.51.100.1", "2001:db8::7", "atropos"]
    assert set(SORTS) >= {"last", "rate", "messages", "problems", "drops", "name"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["192.0.2.0/24"], {"192.0.2.10", "192.0.2.9"}),
        (["2001:db8::/32"], {"2001:db8::7"}),
        (["192.0.2.1"], {"192.0.2.10"}),
        (["GATE"], {"192.0.2.10"}),
        (["charset=cp932"], {"192.0.2.10"}),
        (["problem=no_pri"], {"192.0.2.10"}),
        (["drop=rate_limit"], {"192.0.2.9"}),
        (["via=tcp"], {"192.0.2.9"}),
        (["silent"], {"2001:db8::7", "198.51.100.1"}),
        (["silent", "clock"], {"2001:db8::7"}),
        (["drops"], {"192.0.2.9"}),
        (["problems"], {"192.0.2.10"}),
        (["nobody"], set()),
    ],
)
def test_a_filter_leaves_those_it_names(filters, names):
    assert set(_names(*filters)) == names


@pytest.mark.parametrize("text", ["colour=blue", "192.0.2.0/99"])
def test_a_filter_that_is_none_is_told(text):
    with pytest.raises(CollectorError) as told:
        selected(ROWS, [text], "last")

    assert told.value.hint


def _asked(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--prometheus", action="store_true")
    add_arguments(parser)
    return parser.parse_args(arguments)


def _pages(question):
    """Two rows a page."""
    assert question["ask"] == "senders"
    after = question["after"]
    return {"senders": ROWS[after : after + 2], "next": after + 2 if after + 2 < len(ROWS) else None, "others": OTHERS}


def test_all_pages_are_asked_for():
    assert all_senders(_pages)["senders"] == ROWS


def test_json_is_a_line_for_each_with_dates():
    lines = list(answered(_pages, _asked("--json", "--sort", "messages", "--limit", "1"), 80, colour=False))
    found = json.loads(*lines)

    assert found | {"first_seen": 0, "last_seen": 0} == ROWS[0] | {"first_seen": 0, "last_seen": 0}
    assert found["last_seen"].startswith("2027-01-15T")


def test_prometheus_gets_no_series_for_each_sender():
    with pytest.raises(CollectorError, match="Prometheus"):
        list(answered(_pages, _asked("--senders", "--prometheus"), 80, colour=False))


@pytest.mark.parametrize("arguments", [["--senders"], ["--sort", "rate"], ["--filter", "silent"], ["--limit", "0"]])
def test_each_option_asks_for_senders(arguments):
    assert are_wanted(_asked(*arguments))
    assert not are_wanted(_asked())
