"""
The names by which rules ask for parts of an event.

A name of small letters is a part of every record (``hostname``), its ``shape``, or what the rule itself captures. One
that begins with a capital letter (``EventID``) is what a payload may carry, and can be any.
"""

from collections.abc import Collection
from typing import Annotated, Any

from collector.config.options import Written
from collector.config.problems import did_you_mean, quote
from collector.config.values import BadValueError
from collector.protocol.columns import COLUMNS
from collector.routing.where import FIELDS as RECORD_FIELDS

FIELDS = (*RECORD_FIELDS, "shape")
"""What conditions and keys may name."""

ALERT_NAMES = ("rule", "count", "event_time", "fired_at")
"""What the texts of an alert may name beside the fields of the event that raised it."""

_OF_ALERTS = ("id", "severity", "title", "body", "key", "records", "summary", *ALERT_NAMES)

TAKEN = frozenset((*COLUMNS, *FIELDS, *_OF_ALERTS, "fields", "marks"))
"""Names that a capture may not take: they mean the same in every rule and destination."""

WORDS = frozenset(("any", "all", "not", "re", "text"))
"""Keys of a condition that are no fields."""


class TemplateNames(frozenset[str]):
    """What the texts of a rule's alert may name: beside the names in it, the fields of any payload."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and is_payload(name))


def template_names(captures: Collection[str]) -> TemplateNames:
    return TemplateNames((*COLUMNS, "shape", "fields", *ALERT_NAMES, *captures))


def is_payload(name: str) -> bool:
    return name[:1].isupper()


def is_known(name: str, captures: Collection[str]) -> bool:
    return name in FIELDS or name in captures or is_payload(name)


def unknown_hint(name: str, captures: Collection[str]) -> str:
    """What may be meant by a name that nothing has."""
    known = (*FIELDS, *sorted(captures))
    near = did_you_mean(name, known)
    return near or (
        f"every record has {', '.join(RECORD_FIELDS)}; fields of payloads begin with a capital letter, as EventID; "
        f"others must be captured: (?P<{name}>…)"
    )


def parse_names(value: Any) -> tuple[str, ...]:
    """``ip`` or ``[ip, user]``."""
    names = value if isinstance(value, list) else [value]
    wrong = next((name for name in names if not isinstance(name, str) or not name.strip()), None)
    if not names or wrong is not None or None in names:
        shown = quote(wrong) if names else "an empty list"
        raise BadValueError(f"{shown} is not the name of a field", hint="such as hostname, or [hostname, app_name]")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise BadValueError(f"{quote(twice)} is there twice", hint="name each field once")
    return tuple(names)


def format_names(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def parse_some_or_none(value: Any) -> tuple[str, ...]:
    """The same, or ``[]``."""
    return () if value == [] else parse_names(value)


def _schema(least: int, description: str) -> dict[str, Any]:
    names = {"type": "array", "minItems": least, "items": {"type": "string"}}
    return {
        "anyOf": [{"type": "string", "minLength": 1}, names],
        "description": description,
        "examples": ["hostname", ["hostname", "app_name"]],
    }


FieldNames = Annotated[
    tuple[str, ...],
    Written(parse_names, format_names, _schema(1, "The name of a field, or a list of names.")),
]

SomeOrNone = Annotated[
    tuple[str, ...],
    Written(
        parse_some_or_none, format_names, _schema(0, "The name of a field, or a list of names, also an empty one.")
    ),
]
