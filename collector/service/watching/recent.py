"""The last alerts, for those who ask: those raised since the start, and before that what their journal still holds."""

import contextlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from collector.rules.alert import Alert
from collector.sinks.journal.entries import scan
from collector.sinks.journal.segments import list_segments

_KEPT = 1000
_SEGMENTS = 2
_LARGEST = 10_000
"""Characters of an alert that is kept whole."""
_CUT = 1_000
_ANSWER = 150_000
"""Bytes that an answer may have: it must fit into a datagram."""


class Shown(NamedTuple):
    """``last`` is the number up to which they were looked through; ``more`` come after, ``missed`` are gone."""

    alerts: list[Mapping[str, Any]]
    last: int
    more: bool = False
    missed: int = 0


class RecentAlerts:
    """
    Numbered from 1, in the order in which they were raised. ``raised`` is how many there have been so far, the last of
    them before the entry ``below`` of the journal in ``folder``: those behind it are raised again.
    """

    def __init__(self, folder: str, raised: int, below: int) -> None:
        found = list(_journalled(folder, below))[-raised:] if raised else []
        self._alerts = deque(enumerate(map(_bounded, found), raised - len(found) + 1), maxlen=_KEPT)
        self._raised = raised

    def add(self, alert: Alert) -> None:
        self._raised += 1
        self._alerts.append((self._raised, _bounded(alert)))

    def last(self, most: int, rule: str | None = None) -> Shown:
        """The last ``most``, of that rule or of all; as many of them as fit into an answer."""
        wanted = [alert for _, alert in reversed(self._alerts) if rule in {None, alert.rule}]
        return Shown(list(_fitting(wanted[:most]))[::-1], self._raised)

    def after(self, number: int, most: int, rule: str | None = None) -> Shown:
        """The first ``most`` behind that number. What is left is behind the ``last`` of them."""
        missed = max(0, self._raised - len(self._alerts) - number)
        wanted = [(at, alert) for at, alert in self._alerts if at > number and rule in {None, alert.rule}]
        found = list(_fitting(alert for _, alert in wanted[:most]))
        if found and len(found) < len(wanted):
            return Shown(found, wanted[len(found) - 1][0], more=True, missed=missed)
        return Shown(found, self._raised, missed=missed)


def _bounded(alert: Alert) -> Alert:
    """One that is very large is kept without its records, with the beginning of its texts."""
    size = len(alert.title) + len(alert.body) + sum(len(str(record.get("message"))) for record in alert.records)
    if size <= _LARGEST:
        return alert
    key = {name: value[:_CUT] for name, value in alert.key.items()}
    return replace(alert, title=alert.title[:_CUT], body=alert.body[:_CUT], key=key, captures={}, records=())


def _fitting(alerts: Iterable[Alert]) -> Iterator[Mapping[str, Any]]:
    """As JSON, until there is no more room."""
    room = _ANSWER
    for alert in alerts:
        data = alert.as_json()
        room -= len(json.dumps(data))
        if room < 0:
            return
        yield data


def _journalled(folder: str, below: int) -> deque[Alert]:
    """Those of the last segments; what cannot be read is not shown."""
    alerts: deque[Alert] = deque(maxlen=_KEPT)
    for segment in list_segments(folder)[-_SEGMENTS:]:
        data = Path(segment.path).read_bytes()
        entries = scan(data, segment.start, bytes.fromhex(segment.mark))
        for found in [entry for entry in entries if entry.number < below][-_KEPT:]:
            with contextlib.suppress(KeyError, TypeError, ValueError):  # of another version
                alerts.append(Alert.from_json(json.loads(found.payload)))
    return alerts
