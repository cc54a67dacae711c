"""
Problems are values: a place, a sentence, an id and the cure. They are collected, then shown together.

    routes.conf:3:1: error: unknown facility "locl0" [selector]
        hint: did you mean "local0"?
"""

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a configuration file; line and column count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    location: Location
    message: str
    id: str
    hint: str | None = None
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        text = f"{self.location}: {self.level}: {self.message} [{self.id}]"
        return f"{text}\n    hint: {self.hint}" if self.hint else text

    def as_json(self) -> dict[str, object]:
        """The problem as ``check-config --json`` prints it: one flat object."""
        return {
            "type": "problem", "level": self.level, "id": self.id, "message": self.message, "hint": self.hint,
            **asdict(self.location),
        }  # fmt: skip


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word nearest to a mistyped one; None when nothing is near."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else None
