"""
``-- MARK --``: a line that says from time to time that the service is alive, so that silence in a file means silence.

The supervisor has one worker write it; which routes take it is decided as for any message of ``syslog.info``.
"""

import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any

from collector.priority import FACILITY_NUMBERS, SEVERITY_NUMBERS, pri_of
from collector.protocol.timestamp import bsd_stamp
from collector.routing.selector import Selector

MARK_PRI = pri_of(FACILITY_NUMBERS["syslog"], SEVERITY_NUMBERS["info"])
"""As rsyslog's immark. That of sysklogd has a facility of its own, which no message on the wire can have."""


def mark_pris(selector: Selector) -> frozenset[int]:
    """Of the PRI of a mark those that a route takes: it or none. ``mark`` in the selector has the last word."""
    takes = selector.matches(MARK_PRI) if selector.mark is None else selector.mark
    return frozenset({MARK_PRI} if takes else ())


def mark_line(now: datetime) -> bytes:
    return f"<{MARK_PRI}>{bsd_stamp(now)} {socket.gethostname()} -- MARK --".encode()


class Marks:
    """Orders a mark every ``interval`` seconds, 0 for never. ``tell`` takes the order to one worker."""

    def __init__(self, interval: Callable[[], float], tell: Callable[[dict[str, Any]], None], now: float) -> None:
        self._interval = interval
        self._tell = tell
        self._last = now

    def look(self, now: float) -> None:
        """To be called about once a second. A service that stood still does not catch up."""
        interval = self._interval()
        if not interval:
            self._last = now
        elif now >= self._last + interval:
            self._last += (now - self._last) // interval * interval
            self._tell({"do": "mark"})
