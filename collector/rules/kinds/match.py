"""
``kind: match`` — an alert for every event that fits.

    id: firewall-loop
    kind: match
    on: {EventID: 861, message|contains: ntsyslog.exe}
    limit: {by: [hostname], first: 1, per: 15m}
    alert: {severity: high, title: "{{ hostname }}: firewall audit loop"}
    do: [ops]
"""

from typing import Any, ClassVar, Literal

from collector.rules.kind import Firing, Hit, Outlook, Surroundings
from collector.rules.options import RuleOptions
from collector.rules.table import Key


class MatchOptions(RuleOptions):
    """An alert for every event that fits."""

    kind: Literal["match"]
    """The kind of the rule."""


class Match:
    Options: ClassVar = MatchOptions

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._texts = around.rule.alert

    def feed(self, hit: Hit, key: Key) -> None:
        texts = self._texts
        self._around.fire(Firing(key, 1, hit.time, hit.arrival, hit.fact, texts, hit.captures, (hit.event,)))

    def due(self, part: int, due: float) -> None:
        """It sets no timer."""

    def forget(self, now: float) -> None:
        """It keeps nothing."""

    def outlook(self, _hit: Hit, _key: Key) -> Outlook:
        return Outlook(1, 1, None)

    def dump(self) -> Any:
        return None

    def load(self, dumped: Any) -> None:
        """There is nothing."""
