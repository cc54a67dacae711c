"""
An alert: what a rule has to say, on its way from the engine to people and programs.

    {"type": "alert", "id": "6f1c…", "rule": "ssh-spray", "severity": "high", "title": "192.0.2.7 tried 5 users",
     "body": "…", "key": {"ip": "192.0.2.7"}, "count": 5, "event_time": "2026-07-23T06:54:31Z",
     "fired_at": "2026-07-23T06:54:32Z", "records": [{…}], "summary": false}
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collector.protocol.timestamp import iso


@dataclass(frozen=True, slots=True)
class Alert:
    """
    ``id`` is the same whenever the same events raise it again. ``count`` is how many events it stands for; a
    ``summary`` tells of those that a limit or a mute has held back. ``event_time`` is the time of the last event,
    ``fired_at`` that of the rule's clock, both in seconds since the epoch. ``records`` are the last of the events.

    ``captures`` and ``destinations`` are for those who deliver it, and no part of its JSON.
    """

    id: str
    rule: str
    severity: str
    title: str
    body: str
    key: Mapping[str, str]
    count: int
    event_time: float
    fired_at: float
    records: Sequence[Mapping[str, Any]] = ()
    summary: bool = False
    captures: Mapping[str, str] = field(default_factory=dict)
    destinations: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "type": "alert",
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity,
            "title": self.title,
            "body": self.body,
            "key": dict(self.key),
            "count": self.count,
            "event_time": _text(self.event_time),
            "fired_at": _text(self.fired_at),
            "records": [dict(record) for record in self.records],
            "summary": self.summary,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Alert":
        """Raises KeyError, TypeError or ValueError where it is not one."""
        return cls(
            id=data["id"],
            rule=data["rule"],
            severity=data["severity"],
            title=data["title"],
            body=data["body"],
            key=data["key"],
            count=data["count"],
            event_time=_seconds(data["event_time"]),
            fired_at=_seconds(data["fired_at"]),
            records=data["records"],
            summary=data["summary"],
            captures=data.get("captures", {}),
            destinations=tuple(data.get("destinations", ())),
        )

    def encode(self) -> bytes:
        """Everything, as the journal of alerts keeps it; ``from_json`` of what it says gives the alert again."""
        whole = {**self.as_json(), "captures": dict(self.captures), "destinations": self.destinations}
        return json.dumps(whole, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _text(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC)).replace("+00:00", "Z")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
