"""
What SEC and swatch do over events at known times, and that our rules do the same; what we do better is said.

The events of SEC's cases, and what comes of them, are those of its manual, sec(1). Of swatch the manual and the program
disagree; the program, Swatchdog::Threshold and ::Throttle, is what people run. Both tools take whole seconds and the
time at which they read a line: here every line is read when it was sent.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from check_rules_rig import alerts_live

_DAY = datetime(2026, 12, 28, tzinfo=UTC)
_SUPPRESS = """
    - id: file-system-full
      kind: match
      on: {re: '(?P<fs>\\S+): [fF]ile system full'}
      limit: {by: fs, first: 1, per: 900s, summary: false}
      alert: {title: "File system {{ fs }} full"}
"""
_FULL = "<5>%s test ufs: [ID 845546 kern.notice] NOTICE: alloc: %s: file system full"
_THRESHOLD = """
    - id: login-failures
      kind: threshold
      on: {re: 'sshd\\[\\d+\\]: Failed .+ for (?P<user>\\S+) from [\\d.]+ port \\d+ ssh2'}
      by: user
      within: 60s
      count: 3
      alert: {title: "Three SSH login failures within 1m for user {{ user }}"}
"""
_FAILED = "<38>%s test sshd[28132]: Failed password for %s from 10.1.2.7 port 42172 ssh2"
_TWO = """
    - id: cpu-hog
      kind: threshold
      on: {re: '(?P<router>\\S+): %SYS-3-CPUHOG'}
      by: router
      within: 300s
      count: 2
      clear: {within: 3600s, at_most: AT_MOST, alert: {title: "Router {{ router }} CPU load has been normal for 1h"}}
      alert: {title: "Router {{ router }} CPU overload"}
"""
_HOGGED = "<187>%s router1.mydomain %s: %%SYS-3-CPUHOG: cpu is hogged"


def told(rules, line, events):
    """``events`` are pairs of a time and what ``line`` says; what comes of them are pairs of a time and a title."""
    messages = [
        (line % (f"{at:%b %e %H:%M:%S}", what), at) for at, what in ((_at(time), what) for time, what in events)
    ]
    found = alerts_live(rules, messages)
    return [(re.search(r"T(\S+)Z", alert["fired_at"])[1], alert["title"]) for alert in found]


def _at(time):
    hours, minutes, seconds = map(int, time.split(":"))
    return _DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def of(what, *times):
    return [(time, what) for time in times]


SUPPRESS = {
    "the first of a file system is told": (of("/var", "14:26:09"), [("14:26:09", "File system /var full")]),
    "others of the same are not, for as long": (
        of("/var", "14:26:09", "14:26:10", "14:41:08"),
        [("14:26:09", "File system /var full")],
    ),
    "those in between make it no longer": (
        of("/var", "14:26:09", "14:40:00", "14:41:10", "14:50:00"),
        [("14:26:09", "File system /var full"), ("14:41:10", "File system /var full")],
    ),
    "another file system is told": (
        [("14:26:09", "/var"), ("14:26:11", "/home"), ("14:26:12", "/var"), ("14:26:13", "/home")],
        [("14:26:09", "File system /var full"), ("14:26:11", "File system /home full")],
    ),
}
THREE = "Three SSH login failures within 1m for user risto"
THRESHOLD = {
    "the window slides to the second of four": (
        [
            *of("risto", "1:42:21", "1:43:10", "1:43:29"),
            ("1:44:00", "risto2"),
            *of("risto", "1:44:03", "1:44:07"),
        ],
        [("01:44:03", THREE)],
    ),
    "three within a minute": (of("risto", "1:42:00", "1:42:30", "1:42:59"), [("01:42:59", THREE)]),
    "never three within a minute": (of("risto", "1:42:00", "1:42:40", "1:43:20", "1:44:00", "1:44:40"), []),
    "users are counted apart": ([("1:42:00", "a"), ("1:42:01", "b"), ("1:42:02", "a"), ("1:42:03", "b")], []),
    "it is told again when there was calm in between": (
        of("risto", "1:42:00", "1:42:01", "1:42:02", "1:50:00", "1:50:01", "1:50:02"),
        [("01:42:02", THREE), ("01:50:02", THREE)],
    ),
}
OVERLOAD, NORMAL = "Router Router1 CPU overload", "Router Router1 CPU load has been normal for 1h"
TWO_THRESHOLDS = {
    "the third message moves the window of calm": (
        "0",
        of("Router1", "12:23:25", "12:25:38", "12:28:53"),
        [("12:25:38", OVERLOAD), ("13:28:53", NORMAL)],
    ),
    "one message alone is neither": ("0", of("Router1", "12:23:25"), []),
    "what is too far apart is neither": ("0", of("Router1", "12:23:25", "12:28:26"), []),
    "after calm it begins anew": (
        "0",
        of("Router1", "12:00:00", "12:00:01", "14:00:00", "14:00:01"),
        [("12:00:01", OVERLOAD), ("13:00:01", NORMAL), ("14:00:01", OVERLOAD), ("15:00:01", NORMAL)],
    ),
    "with one allowed a single one is calm": (
        "1",
        of("Router1", "12:00:00", "12:00:01", "12:10:00"),
        [("12:00:01", OVERLOAD), ("13:00:01", NORMAL)],
    ),
}


@pytest.mark.parametrize(("events", "expected"), SUPPRESS.values(), ids=SUPPRESS)
def test_single_with_suppress(events, expected):
    assert told(_SUPPRESS, _FULL, events) == expected


@pytest.mark.parametrize(("events", "expected"), THRESHOLD.values(), ids=THRESHOLD)
def test_single_with_threshold(events, expected):
    assert told(_THRESHOLD, _FAILED, events) == expected


@pytest.mark.parametrize(("at_most", "events", "expected"), TWO_THRESHOLDS.values(), ids=TWO_THRESHOLDS)
def test_single_with_two_thresholds(at_most, events, expected):
    assert told(_TWO.replace("AT_MOST", at_most), _HOGGED, events) == expected


def test_calm_is_found_in_whatever_hour_it_is():
    """SEC looks only at hours that begin with a message, and counts that one: it would say so at 13:40:00."""
    events = of("Router1", "12:00:00", "12:00:01", "12:10:00", "12:40:00")
    assert told(_TWO.replace("AT_MOST", "1"), _HOGGED, events) == [("12:00:01", OVERLOAD), ("13:10:00", NORMAL)]


def test_what_goes_on_is_told_once_where_sec_tells_it_every_minute():
    """SEC forgets what it has told when its window ends. Here a limit says how often to hear of what goes on."""
    failing = of("risto", *[f"1:{42 + number // 60}:{number % 60}" for number in range(0, 300, 10)])
    assert told(_THRESHOLD, _FAILED, failing) == [("01:42:20", THREE)]
    again = _THRESHOLD.replace("within: 60s", "within: 60s\n      window: anchored")
    assert [time for time, _ in told(again, _FAILED, failing)] == [f"01:{minute}:20" for minute in range(42, 47)]


_SWATCH = """
    - id: swatch
      kind: KIND
      on: {re: 'file system full on (?P<fs>\\S+)'}
      by: fs
      MORE
      alert: {title: "{{ fs }} × {{ count }}"}
"""
_SAID = "<5>%s test ufs: file system full on %s"
LIMIT = ("match", "limit: {first: 2, per: 60s, summary: false}")
EVERY = ("match", "limit: {every: 3, per: 60s, summary: false}")
BOTH = ("threshold", "count: 3\n      within: 60s\n      window: anchored")
THROTTLE = ("match", "limit: {first: 1, per: 60s}")

SWATCH = {
    "limit: the first two of a minute": (
        LIMIT, of("/", "1:0:0", "1:0:10", "1:0:20", "1:0:59"), [("01:00:00", "/ × 1"), ("01:00:10", "/ × 1")],
    ),
    "limit: and of the next, which begins with its first": (
        LIMIT,
        of("/", "1:0:0", "1:0:10", "1:0:20", "1:1:30", "1:1:40", "1:2:29", "1:2:30"),
        [("01:00:00", "/ × 1"), ("01:00:10", "/ × 1"), ("01:01:30", "/ × 1"), ("01:01:40", "/ × 1"),
         ("01:02:30", "/ × 1")],
    ),
    "limit: of each key": (
        LIMIT, [*of("/", "1:0:0", "1:0:1"), *of("/a", "1:0:2"), *of("/", "1:0:3")],
        [("01:00:00", "/ × 1"), ("01:00:01", "/ × 1"), ("01:00:02", "/a × 1")],
    ),
    "threshold: every third of a minute": (
        EVERY, of("/", "1:0:0", "1:0:1", "1:0:2", "1:0:3", "1:0:4", "1:0:5", "1:0:6"),
        [("01:00:02", "/ × 3"), ("01:00:05", "/ × 3")],
    ),
    "threshold: what is left of a minute is no part of the next": (
        EVERY, of("/", "1:0:0", "1:0:50", "1:1:0", "1:1:1", "1:1:2"), [("01:01:02", "/ × 3")],
    ),
    "both: once in a minute, with the third": (
        BOTH, of("/", "1:0:0", "1:0:1", "1:0:2", "1:0:3", "1:0:59"), [("01:00:02", "/ × 3")],
    ),
    "both: and in the next": (
        BOTH, of("/", "1:0:0", "1:0:1", "1:0:2", "1:0:3", "1:1:0", "1:1:1", "1:1:2", "1:1:3"),
        [("01:00:02", "/ × 3"), ("01:01:02", "/ × 3")],
    ),
    "both: two minutes do not add up": (BOTH, of("/", "1:0:0", "1:0:50", "1:1:0", "1:1:50"), []),
    "throttle: the first, and how many more, at the end and not with the next one": (
        THROTTLE, of("/", "1:0:0", "1:0:10", "1:0:20", "1:5:0"),
        [("01:00:00", "/ × 1"), ("01:01:00", "/ × 1 … and 2 more"), ("01:05:00", "/ × 1")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "events", "expected"), SWATCH.values(), ids=SWATCH)
def test_swatch(rule, events, expected):
    kind, more = rule
    assert told(_SWATCH.replace("KIND", kind).replace("MORE", more), _SAID, events) == expected


def test_a_trickle_is_no_credit_for_a_burst():
    """swatch renews a limit only when it is used up; there a burst after a trickle may act twice as often."""
    events = of("/", "1:0:0", "1:10:0", "1:10:1", "1:10:2", "1:10:3")
    times = [time for time, _ in told(_SWATCH.replace("KIND", "match").replace("MORE", LIMIT[1]), _SAID, events)]
    assert times == ["01:00:00", "01:10:00", "01:10:01"]
