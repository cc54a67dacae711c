"""
``time:`` — the days and hours in which a rule is at work, by the time of the event.

    time: {days: mon-fri, hours: "08:00-18:00"}
    time: {days: [sat, sun], hours: ["22:00-06:00"], timezone: Asia/Tokyo}

Hours may cross midnight; they belong to the day on which they begin, so ``{days: fri, hours: "22:00-06:00"}`` ends on
Saturday morning.
"""

import re
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any, Self

from pydantic import model_validator

from collector.config.options import Options, TimeZone, Written
from collector.config.problems import did_you_mean, quote
from collector.config.values import BadValueError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {name: number % 7 for number, name in enumerate((*DAYS, *_LONG))}
_DAYS_HINT = "such as mon-fri, or [sat, sun]"
_HOURS_HINT = 'such as "22:00-06:00"'
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00"
_SPAN = re.compile(rf"({_CLOCK})\s*-\s*({_CLOCK})")
MIDNIGHT = 24 * 60

Span = tuple[int, int]
"""Minutes of the day, from the first to before the second; a second that is not greater is on the next day."""


@dataclass(frozen=True, slots=True)
class Times:
    """``days`` count from Monday, 0; ``zone`` is where they and the ``hours`` are meant."""

    days: frozenset[int]
    hours: tuple[Span, ...]
    zone: tzinfo


def parse_days(value: Any) -> frozenset[int]:
    """``"mon-fri"``, ``"sat,sun"`` or a list of such → numbers of days. ``fri-mon`` goes over Sunday."""
    return frozenset(day for part in _parts(value, "days", _DAYS_HINT) for day in _days(part))


def format_days(days: frozenset[int]) -> str:
    return ",".join(DAYS[day] for day in sorted(days))


def parse_hours(value: Any) -> tuple[Span, ...]:
    """``"22:00-06:00"``, or several in one text or list."""
    return tuple(map(_span, _parts(value, "hours", _HOURS_HINT)))


def format_hours(hours: tuple[Span, ...]) -> str:
    return ",".join("-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span) for span in hours)


def _parts(value: Any, what: str, hint: str) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) for item in items):
        wrong = next((item for item in items if not isinstance(item, str)), "an empty list")
        shown = quote(wrong) if items else wrong
        raise BadValueError(f"{shown} is not {what}", hint=hint)
    return [part.strip() for item in items for part in item.split(",")]


def _days(text: str) -> list[int]:
    first, dash, last = text.lower().partition("-")
    names = [first.strip(), last.strip()] if dash else [first]
    for name in names:
        if name not in _NUMBERS:
            raise BadValueError(f"{quote(name)} is not a day", hint=did_you_mean(name, _NUMBERS) or _DAYS_HINT)
    start, end = _NUMBERS[names[0]], _NUMBERS[names[-1]]
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found:
        raise BadValueError(f"{quote(text)} is not a span of hours", hint=_HOURS_HINT)
    start, end = (int(clock[:-3]) * 60 + int(clock[-2:]) for clock in found.groups())
    if start in (end, MIDNIGHT):
        raise BadValueError(f"{quote(text)} is no time at all", hint="for the whole day, leave hours out")
    return start, end


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}

Days = Annotated[
    frozenset[int],
    Written(
        parse_days,
        format_days,
        {**_TEXTS, "description": "Days of the week, as a span or a list.", "examples": ["mon-fri", ["sat", "sun"]]},
    ),
]

Hours = Annotated[
    tuple[Span, ...],
    Written(
        parse_hours,
        format_hours,
        {**_TEXTS, "description": "Spans of hours; they may cross midnight.", "examples": ["08:00-18:00"]},
    ),
]


class TimeOptions(Options):
    """When the rule is at work."""

    days: Days | None = None
    """Days of the week; without it, every day."""

    hours: Hours | None = None
    """Spans of hours, as a text or a list; without it, the whole day. One that crosses midnight counts as the day on
    which it begins."""

    timezone: TimeZone | None = None
    """Where these days and hours are meant; without it, in the time zone of the configuration."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.days is None and self.hours is None:
            raise BadValueError("neither days nor hours", hint='such as time: {days: mon-fri, hours: "08:00-18:00"}')
        return self

    def times(self, zone: tzinfo) -> Times:
        """``zone`` is that of the configuration."""
        days = frozenset(range(7)) if self.days is None else self.days
        return Times(days, self.hours or ((0, MIDNIGHT),), self.timezone or zone)
