"""What may be written in a rule of any kind; what a kind adds is in its own file."""

import re
from typing import Annotated, Any

from pydantic import Field, field_validator

from collector.config.options import Duration, Many, Options, Written
from collector.config.problems import did_you_mean, quote
from collector.config.values import BadValueError
from collector.rules.fields import FieldNames
from collector.rules.limit import LimitOptions
from collector.rules.mute import MuteOptions
from collector.rules.rule import Severity, Then
from collector.rules.times import TimeOptions

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_THEN = ("next", "stop", "goto")
_THEN_HINT = "next, stop, or {goto: ID}"


def parse_id(value: Any) -> str:
    """A name that can stand in counters, commands and file names."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    hint = "letters, digits and - _ . : /, beginning with a letter or digit, such as ssh-failures"
    if isinstance(value, int | float) and not isinstance(value, bool):
        hint = f'put it in quotes: "{value}"'
    raise BadValueError(f"{quote(value)} cannot be an id", hint=hint)


def parse_then(value: Any) -> Then:
    if value in ("next", "stop"):
        return value  # type: ignore[no-any-return] # just compared with the literals
    if isinstance(value, dict) and list(value) == ["goto"]:
        return "goto", parse_id(value["goto"])
    word = next(iter(value), "") if isinstance(value, dict) else value
    near = did_you_mean(word, _THEN) if isinstance(word, str) and word not in _THEN else None
    raise BadValueError(f"{quote(value)} is not what can come next", hint=near or f"write {_THEN_HINT}")


def format_then(then: Then) -> str:
    return then if isinstance(then, str) else f"goto {then[1]}"


Id = Annotated[
    str,
    Written(
        parse_id,
        str,
        {"type": "string", "pattern": f"^{_ID.pattern}$", "description": "A name.", "examples": ["ssh-failures"]},
    ),
]

ThenNext = Annotated[
    Then,
    Written(
        parse_then,
        format_then,
        {
            "anyOf": [
                {"type": "string", "pattern": "^(next|stop)$"},
                {
                    "type": "object",
                    "properties": {"goto": {"type": "string"}},
                    "required": ["goto"],
                    "additionalProperties": False,
                },
            ],
            "description": "next, stop, or {goto: ID}.",
        },
    ),
]


class AlertOptions(Options):
    """What an alert says."""

    severity: Severity = "medium"
    """How much it matters."""

    title: str = "{{ rule }}"
    """One line, a template."""

    body: str | None = None
    """The text below it, a template; without it, the messages that led to the alert."""


class SampleOptions(Options):
    """A test of the rule: messages, and the alerts they must raise."""

    lines: Annotated[Many[str], Field(min_length=1)]
    """Messages as they come over the wire, with PRI; a list, or a block of lines after |."""

    alerts: Many[dict[str, Any]]
    """The alerts in their order, each with the fields that are to be compared; [] is none."""

    wait: Duration = 0.0
    """How much time passes after the last line, for windows to end."""

    @field_validator("lines", mode="before")
    @classmethod
    def _block_of_lines(cls, value: Any) -> Any:
        return value.splitlines() if isinstance(value, str) else value


class RuleOptions(Options):
    """What a rule of any kind may have."""

    id: Id
    """Its name, which no other rule has."""

    kind: str
    """The kind of the rule."""

    on: Any
    """The events it is about, as conditions on the line and its fields."""

    by: FieldNames = ()
    """The fields that make a key: each key is judged alone, and an alert says which it is about."""

    set: str | None = None
    """The set it belongs to; rules in none are all tried."""

    then: ThenNext | None = None
    """After a hit, in an ordered set: stop (the default), next, or {goto: ID} to a later rule."""

    time: TimeOptions | None = None
    """The days and hours in which it is at work."""

    mute: MuteOptions | None = None
    """Two rules between whose events it is silent."""

    limit: LimitOptions | None = None
    """How many alerts go out, and what is said of the rest."""

    alert: AlertOptions | None = None
    """What an alert says."""

    do: Any = None
    """Where alerts go: destinations by name, or written out, one or a list of them. Without it, to the destination that
    is called default, where there is one."""

    tests: Many[SampleOptions] = ()
    """Tests, which `collector check-rules` runs."""
