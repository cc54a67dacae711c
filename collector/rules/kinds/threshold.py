r"""
``kind: threshold`` — an alert when so many events of a key came within a time.

    id: ssh-spray
    kind: threshold
    on: {app_name: sshd, re: 'Failed password for (?P<user>\S+) from (?P<ip>\S+)'}
    by: ip
    within: 10m
    count: {distinct: user, gte: 5}
    clear: {within: 1h, at_most: 0}
    alert: {title: "{{ ip }} tried {{ count }} users"}

It alerts once, when the condition becomes true for a key, and again after it has become false. ``window: sliding``
looks back over the last ``within`` at every event; ``window: anchored`` begins with the first event of a key and ends
after ``within``. "Fewer than" can only be known at an end, so ``lt``, ``lte`` and ``eq`` need an anchored window.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from collector.config.options import Duration, Options
from collector.config.problems import quote
from collector.config.values import BadValueError
from collector.rules.anchored import Anchored
from collector.rules.clearing import Clearing
from collector.rules.distinct import SlidingDistinct
from collector.rules.fields import ALERT_NAMES
from collector.rules.kind import Fact, Firing, Hit, Outlook, Surroundings, brief
from collector.rules.options import AlertOptions, RuleOptions
from collector.rules.rule import Count, Rule
from collector.rules.sliding import Reached, Sliding
from collector.rules.table import Key, Windows
from collector.rules.timers import CLEAR

_COMPARISONS = ("gte", "gt", "eq", "lte", "lt")
_AT_END = ("eq", "lte", "lt")
_COUNT_HINT = "such as count: 5, or count: {distinct: user, gte: 5}"
_MOST = 1_000_000
_FORGOTTEN_AT_ONCE = 10_000

AtLeastNone = Annotated[int, Field(ge=0, le=_MOST)]
AtLeastOne = Annotated[int, Field(ge=1, le=_MOST)]
AtLeastTwo = Annotated[int, Field(ge=2, le=_MOST)]


class CountOptions(Options):
    """How many events are enough, or how many different values of a field."""

    distinct: str | None = None
    """Count the different values of this field, not the events."""

    gte: AtLeastOne | None = None
    """At least so many. A plain number instead of the mapping means the same."""

    gt: AtLeastNone | None = None
    """More than so many."""

    eq: AtLeastOne | None = None
    """Just so many, at the end of an anchored window."""

    lte: AtLeastOne | None = None
    """At most so many, at the end of an anchored window, which has always one: the event it begins with."""

    lt: AtLeastTwo | None = None
    """Fewer than so many, at the end of an anchored window."""

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        given = [name for name in _COMPARISONS if getattr(self, name) is not None]
        if not given:
            raise BadValueError("a count without a number", hint=_COUNT_HINT)
        if len(given) > 1:
            raise BadValueError(f"{given[0]} and {given[1]} in one count", hint="keep one of them", option=given[1])
        return self

    def count(self) -> Count:
        comparison = next(name for name in _COMPARISONS if getattr(self, name) is not None)
        return Count(comparison, getattr(self, comparison), self.distinct)


class ClearAlertOptions(AlertOptions):
    """What is said when a key is back to normal."""

    severity: Literal["info", "low", "medium", "high", "critical"] = "info"
    """How much it matters."""

    title: str = "{{ rule }} clear"
    """One line, a template; it may name the fields of `by`."""


class ClearOptions(Options):
    """When a key that has alerted is back to normal."""

    within: Annotated[Duration, Field(ge=0.001)]
    """How long to look."""

    at_most: Annotated[int, Field(ge=0, le=_MOST)] = 0
    """Back to normal is at most so many events in that time."""

    alert: ClearAlertOptions = ClearAlertOptions()
    """What is said then."""


class ThresholdOptions(RuleOptions):
    """An alert when so many events of a key came within a time."""

    kind: Literal["threshold"]
    """The kind of the rule."""

    within: Annotated[Duration, Field(ge=0.001)]
    """The time in which so many must come."""

    count: CountOptions
    """How many are enough: a number, or a mapping."""

    window: Literal["sliding", "anchored"] = "sliding"
    """Whether the time is looked back over from each event, or begins with the first one of a key and then ends."""

    clear: ClearOptions | None = None
    """When a key that has alerted is back to normal."""

    @field_validator("count", mode="before")
    @classmethod
    def _number_alone(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | dict | CountOptions):
            raise BadValueError(f"{quote(value)} is not a count", hint=_COUNT_HINT)
        return {"gte": value} if isinstance(value, int) else value

    @model_validator(mode="after")
    def _end_known(self) -> Self:
        comparison = self.count.count().comparison
        if comparison in _AT_END and self.window == "sliding":
            hint = "add window: anchored"
            raise BadValueError(f"{comparison} is only known at the end of a window", hint=hint, option="count")
        return self


class Threshold:
    """
    The state of a key. At ``enough`` there is an alert; ``lt``, ``lte`` and ``eq`` come to it at the end of a window.

             event               enough
        ○ ──────────▶ counting ──────────▶ true ──┐
        ▲              │  ▲  ▲──┐ event     │ ▲───┘ event: nothing is said
        └──────────────┘  │  └──┘           │
          nothing left    └─────────────────┘
                            sliding: no longer enough;  anchored: the window has ended
                            with ``clear``: only when it has been quiet, which is said
    """

    Options: ClassVar = ThresholdOptions

    def __init__(self, around: Surroundings) -> None:
        rule = around.rule
        assert rule.within is not None, "its options demand it"
        assert rule.count is not None, "its options demand it"
        self._around = around
        self._texts = rule.alert
        self._clear_texts = rule.clear.alert if rule.clear else None
        self._names = _asked(rule)
        self._window = self._windows(rule.window, rule.count, rule.within)
        self._clearing = Clearing(rule.clear, around, self._cleared) if rule.clear else None

    def _windows(self, window: str, count: Count, within: float) -> Anchored | Sliding | SlidingDistinct:
        if count.comparison == "gt":
            count = replace(count, comparison="gte", number=count.number + 1)
        if window == "anchored":
            return Anchored(count, within, self._around, self._ended, self._kept)
        if count.distinct is None:
            return Sliding(count.number, within, self._around)
        return SlidingDistinct(count.distinct, count.number, within, self._around)

    def feed(self, hit: Hit, key: Key) -> None:
        clearing = self._clearing
        if clearing is not None and clearing.waits(key, hit):
            return
        reached = self._window.add(hit, key)
        if reached is not None:
            self._fire(key, reached, hit.arrival, hit.fact, hit.captures)

    def due(self, part: int, due: float) -> None:
        if part == CLEAR and self._clearing:
            self._clearing.due(due)
        elif isinstance(self._window.table, Windows):
            self._window.table.fire(due)

    def forget(self, now: float) -> None:
        self._window.table.forget(now, _FORGOTTEN_AT_ONCE)

    def outlook(self, hit: Hit, key: Key) -> Outlook:
        standing = self._window.outlook(hit, key)
        calm = self._clearing.until(key, hit) if self._clearing else None
        return standing if calm is None else Outlook(standing.number, standing.number, calm, said=True)

    def dump(self) -> Any:
        clearing = self._clearing
        return self._window.table.dump(), clearing and clearing.dump(), self._around.tail.dump()

    def load(self, dumped: Any) -> None:
        window, clearing, tail = dumped
        self._window.table.load(window)
        if self._clearing:
            self._clearing.load(clearing)
        self._around.tail.load(tail)

    def _fire(self, key: Key, reached: Reached, at: float, fact: Fact, captures: Mapping[str, str]) -> None:
        events = self._around.tail.last(reached.serial, reached.since)
        firing = Firing(key, reached.count, reached.time, at, fact, self._texts, captures, events)
        told = self._around.fire(firing)
        if self._clearing:
            self._window.table.remove(key)
            self._clearing.begin(key, reached.time, at, told=told)

    def _kept(self, hit: Hit) -> Mapping[str, Any]:
        return {name: brief(hit.fact(name)) for name in self._names}

    def _ended(self, key: Key, reached: Reached, at: float, facts: Mapping[str, Any]) -> None:
        """What a text asks that was changed since the window began is not there."""
        known = {**self._around.key_facts(key), **facts}
        captures = {name: known[name] for name in facts if name in self._around.rule.condition.captures}
        self._fire(key, reached, at, known.get, captures)

    def _cleared(self, key: Key, count: int, time: float, at: float) -> None:
        facts = self._around.key_facts(key)
        self._around.clear(Firing(key, count, time, at, facts.get, self._clear_texts, {}, ()))


def _asked(rule: Rule) -> list[str]:
    """What the alert of a rule needs beside the key, when it comes without an event."""
    templates = (rule.alert.title, rule.alert.body) if rule.alert else ()
    names = {name for template in templates if template for name in template.variables}
    names.update(rule.limit.by if rule.limit else (), rule.mute.by if rule.mute else ())
    return sorted(names.difference(rule.by, ALERT_NAMES))
