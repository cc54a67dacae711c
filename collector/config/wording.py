"""What is wrong with a value, in words: pydantic's types of error → sentences that speak of the document."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from collector.config.document import Path
from collector.config.problems import did_you_mean, quote
from collector.config.values import (
    DURATION_PATTERN,
    SIZE_PATTERN,
    BadValueError,
    format_duration,
    format_size,
)

_LIST_HINT = 'write [a, b], or one item a line, each after "- "'
_MAPPING_HINT = 'write its keys, each with ": " and its value'
_WANTED: dict[str, tuple[str, str | None]] = {
    "string": ("text", "put it in quotes"),
    "int": ("a whole number", "without quotes, unit or decimal point"),
    "float": ("a number", "without quotes or unit"),
    "finite": ("a finite number", None),
    "bool": ("true or false", "YAML 1.2 knows no other words for them"),
    "list": ("a list", _LIST_HINT),
    "tuple": ("a list", _LIST_HINT),
    "set": ("a list", _LIST_HINT),
    "dict": ("a mapping", _MAPPING_HINT),
    "mapping": ("a mapping", _MAPPING_HINT),
    "model": ("a mapping", _MAPPING_HINT),
    "dataclass": ("a mapping", _MAPPING_HINT),
}
_LIMITS = {
    "greater_than_equal": ("small", "at least", "ge"),
    "greater_than": ("small", "more than", "gt"),
    "less_than_equal": ("large", "at most", "le"),
    "less_than": ("large", "less than", "lt"),
}
_LENGTHS = {"too_short": "min_length", "string_too_short": "min_length"}
_LENGTHS |= {"too_long": "max_length", "string_too_long": "max_length"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at a path; ``shown`` and ``wanted`` let the findings of several union members become one."""

    path: Path
    message: str
    id: str = "bad-value"
    hint: str | None = None
    shown: str = ""
    wanted: str = ""
    at_key: bool = False

    @property
    def about_value(self) -> bool:
        """Whether a value is wrong, not the keys beside it."""
        return self.id == "bad-value"


def describe(detail: ErrorDetails, value: Any, path: Path, *, at_key: bool) -> Finding:
    """A finding for a value of the wrong kind; ``value`` is what the document holds at ``path``."""
    kind, context = detail["type"], detail.get("ctx", {})
    shown = quote(path[-1] if at_key else value)
    if kind in {"value_error", "assertion_error"}:
        return _raised(path, context["error"], at_key=at_key)
    if kind in {"literal_error", "enum"}:
        return _choice(path, value, shown, context["expected"])
    if kind in _LIMITS:
        size, words, key = _LIMITS[kind]
        return Finding(path, f"{shown} is too {size}", hint=f"{words} {_like(value, context[key])}")
    if kind in _LENGTHS:
        return _length(path, shown, kind, context)
    if kind == "string_pattern_mismatch":
        return Finding(path, f"{shown} is not written as it must be", hint=f"as {context['pattern']}", at_key=at_key)
    wanted, hint = _WANTED.get(kind.split("_")[0], ("what belongs here", None))
    if wanted == "text" and isinstance(value, list | dict):
        hint = 'text that begins with [ or { or contains ": " must be quoted'
    return Finding(path, f"{shown} is not {wanted}", hint=hint, shown=shown, wanted=wanted, at_key=at_key)


def _raised(path: Path, cause: ValueError | AssertionError, *, at_key: bool) -> Finding:
    """What a validator raised speaks for itself."""
    if isinstance(cause, BadValueError) and cause.option:
        return Finding((*path, cause.option), str(cause), hint=cause.hint, at_key=True)
    return Finding(path, str(cause), hint=getattr(cause, "hint", None), at_key=at_key)


def _choice(path: Path, value: Any, shown: str, expected: str) -> Finding:
    """``expected`` lists the choices: ``'a', 'b' or 'c'``."""
    choices = re.findall(r"'([^']*)'", expected) or [expected]
    hint = did_you_mean(value, choices) if isinstance(value, str) else None
    wanted = " or ".join(quote(choice) for choice in choices)
    return Finding(path, f"{shown} is not {wanted}", hint=hint, shown=shown, wanted=wanted)


def _length(path: Path, shown: str, kind: str, context: dict[str, Any]) -> Finding:
    size, words = ("few", "at least") if kind.endswith("short") else ("many", "at most")
    what = "characters" if kind.startswith("string") else "items"
    return Finding(path, f"{shown} has too {size} {what}", hint=f"{words} {context[_LENGTHS[kind]]}")


def _like(value: Any, limit: float) -> str:
    """A limit in the unit in which the value is written."""
    if isinstance(value, str) and re.fullmatch(SIZE_PATTERN, value):
        return format_size(int(limit))
    if isinstance(value, str) and re.fullmatch(DURATION_PATTERN, value):
        return format_duration(limit)
    return str(limit)
