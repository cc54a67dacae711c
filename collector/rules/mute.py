"""
``mute:`` — no alerts between two events, however long that takes.

    mute: {from: backup-started, until: backup-finished, by: hostname, at_most: 6h}

``from`` and ``until`` are rules, usually of kind ``match`` and without an alert of their own.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from collector.config.options import Duration, Options
from collector.rules.fields import SomeOrNone

_LONGEST = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class MuteBetween:
    """
    Silence from a hit of the rule ``start`` to one of the rule ``end`` with the same values of the fields ``by``, and
    for ``at_most`` so many seconds.
    """

    start: str
    end: str
    by: tuple[str, ...]
    at_most: float


class MuteOptions(Options):
    """When the rule's alerts are held back."""

    start: str = Field(alias="from")
    """The rule whose event begins the silence."""

    end: str = Field(alias="until")
    """The rule whose event ends it."""

    by: SomeOrNone | None = None
    """The fields that both events and the alert must have in common; without it, those of the rule's own `by`; with
    `[]`, all keys are silent."""

    at_most: Annotated[Duration, Field(ge=1, le=_LONGEST)] = 86_400.0
    """The silence ends after this time even when the second event never comes."""

    def mute(self, by: tuple[str, ...]) -> MuteBetween:
        """``by`` are the rule's own fields."""
        return MuteBetween(self.start, self.end, by if self.by is None else self.by, self.at_most)
