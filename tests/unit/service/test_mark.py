import socket
from datetime import UTC, datetime

import pytest

from collector.routing.selector import compile_selector
from collector.service.mark import MARK_PRI, Marks, mark_line, mark_pris

NOW = datetime(2026, 7, 3, 15, 54, 31, tzinfo=UTC)


def test_the_line_is_that_of_syslogd():
    assert mark_line(NOW) == f"<46>Jul  3 15:54:31 {socket.gethostname()} -- MARK --".encode()


@pytest.mark.parametrize(
    ("selector", "takes"),
    [
        ("*.*", True), ("*.info", True), ("syslog.info", True), ("syslog.debug", True), ("mark.info", True),
        ("mark.*", True), ("mark.debug", True), ("mail.none;mark.info", True), ("*.notice", False), ("mail.*", False),
        ("syslog.none", False), ("*.*;mark.none", False), ("*.info;syslog.none", False), ("*.info;mark.none", False),
    ],
)  # fmt: skip
def test_mark_in_a_selector_decides_and_else_syslog_info(selector, takes):
    assert mark_pris(compile_selector(selector)) == (frozenset({MARK_PRI}) if takes else frozenset())


def ordered(intervals, seconds):
    """At which seconds a mark is ordered, when the interval is so at each."""
    current, orders = [0.0], []
    marks = Marks(lambda: current[0], lambda order: orders.append((second, order)), 0.0)
    for second, interval in zip(seconds, intervals, strict=True):
        current[0] = interval
        marks.look(second)
    assert all(order == {"do": "mark"} for _, order in orders)
    return [second for second, _ in orders]


def test_a_mark_is_ordered_in_each_interval():
    assert ordered([10.0] * 35, range(1, 36)) == [10, 20, 30]


def test_no_interval_no_mark():
    assert ordered([0.0] * 100, range(1, 101)) == []


def test_a_reload_may_begin_and_end_it():
    assert ordered([0.0] * 15 + [10.0] * 15 + [0.0] * 15, range(1, 46)) == [25]


def test_after_a_standstill_there_is_one_mark_and_then_as_before():
    assert ordered([10.0] * 4, [9, 57, 59, 61]) == [57, 61]
