"""
Problems are values: a place, a sentence, an id and the cure. They are collected, then shown together.

    routes.conf:3:1: error: unknown facility "locl0" [selector]
        hint: did you mean "local0"?
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


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
    level: Literal["error", "warning", "info"] = "error"

    def __str__(self) -> str:
        text = f"{self.location}: {self.level}: {self.message} [{self.id}]"
        return f"{text}\n    hint: {self.hint}" if self.hint else text

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Problem":
        place = Location(data["file"], data["line"], data["column"])
        return cls(place, data["message"], data["id"], data["hint"], data["level"])

    def as_json(self) -> dict[str, object]:
        """The problem as ``check-config --json`` prints it: one flat object."""
        return {
            "type": "problem", "level": self.level, "id": self.id, "message": self.message, "hint": self.hint,
            **asdict(self.location),
        }  # fmt: skip


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the known word nearest to a mistyped one; None when nothing is near."""
    near = nearest(word, known)
    return None if near is None else f'did you mean "{near}"?'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a mistyped or shortened one stands for, whatever its case; None when nothing is near."""
    word, by_lower = word.lower()[:80], {name.lower(): name for name in known}
    near = difflib.get_close_matches(word, by_lower, n=1, cutoff=0.6)
    near = near or [name for name in by_lower if len(word) >= 3 and name.startswith(word)]
    return by_lower[near[0]] if near else None


def quote(value: Any) -> str:
    """A value as a sentence names it: text in quotes and cut to 60 characters, a list or mapping by its kind."""
    match value:
        case str():
            text = value if len(value) <= 60 else value[:59] + "…"
            return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + '"'
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)
