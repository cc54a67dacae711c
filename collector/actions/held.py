"""
Alerts that were held back, counted by rule, until one message tells of them all: after a cap, or a queue that was full.

    cap {alerts: 2, per: 1h}     a b c d e ………………………… 1 h after a: "3 alerts were held back", then a new hour begins
                                 sent ─┘ └─ held back         with the next alert
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from collector.actions.message import Message
from collector.actions.options import Cap
from collector.config.values import format_duration
from collector.protocol.timestamp import iso

_RULES = 1000
"""Rules that are told apart; alerts of further ones are counted together."""

_SHOWN = 20
_OTHERS = "other rules"
_SEVERITIES = ("info", "low", "medium", "high", "critical")


class Held:
    """``why`` begins the sentence that tells of them: ``more than 60 in 1h``. ``first`` is the id of the first."""

    def __init__(self, why: str, state: Mapping[str, Any] | None = None) -> None:
        self._why = why
        state = state or {}
        self.total: int = state.get("total", 0)
        self._rules: Counter[str] = Counter(state.get("rules", {}))
        self._first: str = state.get("first", "")
        self._severity: str = state.get("severity", "info")

    def add(self, message: Message) -> None:
        self.total += 1
        self._first = self._first or message.id
        known = message.rule in self._rules or len(self._rules) < _RULES
        self._rules[message.rule if known else _OTHERS] += 1
        self._severity = max(self._severity, message.severity, key=_rank)

    def take(self, label: str, now: float) -> Message:
        """The message about them; from here on it counts from zero. It has an id of its own, which stays the same."""
        parts = [f"{count:,} of {rule}" for rule, count in self._rules.most_common(_SHOWN)]
        if len(self._rules) > _SHOWN:
            rest = self.total - sum(count for _, count in self._rules.most_common(_SHOWN))
            parts.append(f"{rest:,} of {len(self._rules) - _SHOWN:,} other rules")
        what = "alert was" if self.total == 1 else "alerts were"
        time = iso(datetime.fromtimestamp(now, UTC)).replace("+00:00", "Z")
        alert = {
            "type": "alert",
            "id": hashlib.sha256(f"held\0{label}\0{self._first}".encode(errors="replace")).hexdigest()[:32],
            "rule": "collector.held-back",
            "severity": self._severity,
            "title": f"{self.total:,} more {what} not sent to {label}: {self._why}",
            "body": "\n".join(parts),
            "key": {},
            "count": self.total,
            "event_time": time,
            "fired_at": time,
            "records": [],
            "summary": True,
        }
        self.total, self._first, self._severity = 0, "", "info"
        self._rules.clear()
        return Message(alert, {})

    def state(self) -> dict[str, Any]:
        return {"total": self.total, "rules": dict(self._rules), "first": self._first, "severity": self._severity}


class CapWindow:
    """The ``cap`` of one destination; times are seconds since the epoch."""

    def __init__(self, cap: Cap, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._cap = cap
        self._began: float | None = state.get("began")
        self._sent: int = state.get("sent", 0)
        self.held = Held(f"more than {cap.alerts:,} in {format_duration(cap.per)}", state.get("held"))

    @property
    def ends(self) -> float | None:
        return None if self._began is None else self._began + self._cap.per

    def admits(self, message: Message, now: float) -> bool:
        """Whether it may go; else it is counted. The window must not be over: ``is_over`` was asked before."""
        if self._began is None or now < self._began:  # the clock was set back
            self._began = now
        if self._sent < self._cap.alerts:
            self._sent += 1
            return True
        self.held.add(message)
        return False

    def is_over(self, now: float) -> bool:
        """Whether the window has just ended. What was held back is to be told then."""
        if self._began is None or now < self._began + self._cap.per:
            return False
        self._began, self._sent = None, 0
        return True

    def state(self) -> dict[str, Any]:
        return {"began": self._began, "sent": self._sent, "held": self.held.state()}


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else -1
