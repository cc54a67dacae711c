"""
What a row must hold for a rule to have a chance, as the prefilter sees it.

A condition tells what it needs as a tree of these; ``Anything`` stands for what no pattern can find (a ``not`` alone).
A requirement may ask for too little, never for too much: the condition itself has the last word.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anything:
    """Every row may fit."""


@dataclass(frozen=True, slots=True)
class Text:
    """The line holds what a regular expression finds, in the language of ``re`` under ``re.ASCII``."""

    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """
    A field holds ``literal``: as its whole value, or where ``whole`` is false, as a part of it. Unless ``cased``, texts
    are compared as ``str.casefold`` leaves them, which ``literal`` is already. Between field and line stand relays and
    encodings, so only what they leave alone may be looked for in the line (DESIGN "Patterns").
    """

    field: str
    literal: str
    whole: bool = True
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A field holds what a regular expression finds, in the language of ``re`` under ``re.ASCII``. As with ``Value``, not
    all that a field holds stands in the line as it is.
    """

    field: str
    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Pri:
    """The PRI is one of these."""

    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Requirement", ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple["Requirement", ...]


Requirement = Anything | Text | Value | Pattern | Pri | All | Any
