"""The last alerts, for those who ask. They stay known over restarts, whether they went anywhere or not."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from collector.rules.alert import Alert

_KEPT = 1000
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
    Numbered from 1, in the order in which they were raised. ``raised`` is how many there have been so far, and ``kept``
    are the last of them, as ``dump`` gave them.
    """

    def __init__(self, raised: int, kept: Sequence[Alert] = ()) -> None:
        self._alerts = deque(enumerate(kept, raised - len(kept) + 1), maxlen=_KEPT)
        self._raised = raised

    def dump(self) -> list[Alert]:
        return [alert for _, alert in self._alerts]

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
    if len(alert.encode()) <= _LARGEST:
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
