"""
``limit:`` — how many alerts of a rule go out, and what is said of the rest.

    limit: {by: [hostname], first: 1, per: 15m}     the first of each host; after 15 minutes: "… and 412 more"
    limit: {every: 100}                             one alert of a hundred
    limit: {once: true}                             the first of each key, and never again
    limit: {by: [], first: 10, per: 1h}             ten an hour, whatever their keys

A window of ``per`` begins with the first alert of a key.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from collector.config.options import Duration, Options
from collector.config.values import BadValueError
from collector.rules.fields import SomeOrNone


@dataclass(frozen=True, slots=True)
class Limit:
    """
    Of the alerts of a key (the fields ``by``) the ``first`` so many go out, or one of ``every`` so many; one of the two
    is None. After ``per`` seconds it begins anew; None is never. ``summary``: the end of a window tells what was held
    back.
    """

    by: tuple[str, ...]
    first: int | None
    every: int | None
    per: float | None
    summary: bool


class LimitOptions(Options):
    """How many alerts go out."""

    by: SomeOrNone | None = None
    """The fields that make a key, each with a limit of its own; without it, those of the rule's own `by`; with `[]`,
    all keys have one limit together."""

    first: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """So many alerts of a key go out in each window."""

    every: Annotated[int, Field(ge=2, le=1_000_000_000)] | None = None
    """One alert of so many goes out, each time so many have come; it stands for those before it."""

    once: bool = False
    """One alert of a key goes out, and no other until the window ends; without `per` it never does."""

    per: Annotated[Duration, Field(ge=1)] | None = None
    """How long a window is; it begins with the first alert of a key."""

    summary: bool | None = None
    """Whether an alert at the end of a window tells how many were held back; true where there is a window."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("first", "every", "once") if getattr(self, name)]
        if not ways:
            raise BadValueError("a limit without a number", hint="write first: 1, every: 100 or once: true")
        if len(ways) > 1:
            hint = "keep one of them"
            raise BadValueError(f"{ways[0]} and {ways[1]} in one limit", hint=hint, option=ways[1])
        if self.first is not None and self.per is None:
            hint = "such as per: 15m; for one alert and then none for ever, once: true"
            raise BadValueError('"first" needs "per", the length of the window', hint=hint, option="first")
        if self.summary and self.per is None:
            hint = 'add "per", or remove it'
            raise BadValueError(
                "a summary comes at the end of a window, and there is none", hint=hint, option="summary"
            )
        return self

    def limit(self, by: tuple[str, ...]) -> Limit:
        """``by`` are the rule's own fields."""
        first = 1 if self.once else self.first
        summary = self.per is not None and self.summary is not False
        return Limit(by if self.by is None else self.by, first, self.every, self.per, summary)
