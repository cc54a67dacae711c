"""A rule, as the engine runs it: what was read from YAML, compiled and judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

from collector.config.problems import Location
from collector.rules.condition import Condition
from collector.rules.limit import Limit
from collector.rules.mute import MuteBetween
from collector.rules.times import Times
from collector.templates import Template

Severity = Literal["info", "low", "medium", "high", "critical"]
"""How much an alert matters, from the least to the most."""

Then = Literal["next", "stop"] | tuple[Literal["goto"], str]


@dataclass(frozen=True, slots=True)
class Count:
    """``{gte: 5}``, ``{distinct: user, gte: 5}``: what is counted, and when it is enough."""

    comparison: str
    number: int
    distinct: str | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """Back to normal: at most ``at_most`` events within ``within`` seconds, and what is said then, if anything."""

    within: float
    at_most: int
    alert: "AlertTexts | None" = None


@dataclass(frozen=True, slots=True)
class AlertTexts:
    severity: Severity
    title: Template
    body: Template | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One of a rule's own tests: lines, and the alerts they must raise, each as the fields that are to be compared."""

    lines: tuple[str, ...]
    alerts: tuple[Mapping[str, object], ...]
    wait: float
    location: Location


@dataclass(frozen=True, slots=True)
class Rule:
    """
    ``number`` is its place in the book, and ``set`` the name of the set it belongs to, "" for the unordered default.
    ``destinations`` are labels of what ``do`` names. ``state_key`` changes with everything its state depends on.
    """

    number: int
    id: str
    kind: str
    condition: Condition
    by: tuple[str, ...]
    within: float | None
    window: Literal["sliding", "anchored"]
    count: Count | None
    clear: Clear | None
    limit: Limit | None
    times: Times | None
    mute: MuteBetween | None
    set: str
    then: Then
    alert: AlertTexts | None
    destinations: tuple[str, ...]
    tests: tuple[Sample, ...]
    state_key: str
    location: Location


@dataclass(frozen=True, slots=True)
class RuleSet:
    name: str
    ordered: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of a plan, by number; ``sets`` in the order in which they are tried. Texts tell times in ``zone``."""

    rules: tuple[Rule, ...]
    sets: tuple[RuleSet, ...]
    hash: str
    zone: tzinfo = UTC
