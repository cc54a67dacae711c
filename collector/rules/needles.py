"""
What is looked for in lines, and which of it a rule needs.

A ``Formula`` says what every line holds that a rule may fit: all of these, or one of those. ``ANYTHING`` is true of
every line, and an ``AnyOf`` without parts of none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """These bytes; with ``caseless`` they are in lower case, and stand for both cases of ASCII letters."""

    text: bytes
    caseless: bool = False

    def __str__(self) -> str:
        text = self.text.decode(errors="backslashreplace")
        if text.isprintable():
            return f'"{text}"'
        return '"' + "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text) + '"'


@dataclass(frozen=True, slots=True)
class Token:
    """A short word or number, ASCII in lower case, that is no part of a longer one; a number may have leading zeros."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}" alone'


@dataclass(frozen=True, slots=True)
class Core:
    """
    A regular expression over bytes, in the syntax that ``re`` and Hyperscan share; ``bits`` is how much of a line it
    determines.
    """

    pattern: str
    bits: float

    def __str__(self) -> str:
        return "most of its expression"


@dataclass(frozen=True, slots=True)
class Pair:
    """
    Two texts in one line, as a regular expression over bytes; ``rate`` is how often a line is taken to hold them. With
    ``caseless`` there is one among them whose case does not count.
    """

    pattern: str
    rate: float
    name: str
    caseless: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Form:
    """What many rules look for in the same way: a ``Core`` with a name, whose case does not count."""

    pattern: str
    bits: float
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """The PRI in front of a line."""

    number: int

    @property
    def text(self) -> bytes:
        return b"<%d>" % self.number

    def __str__(self) -> str:
        return f"<{self.number}>"


Needle = Literal | Token | Core | Pair | Form | Mark


@dataclass(frozen=True, slots=True)
class AllOf:
    """``in_order``: those of its parts that are literals, or of which one is needed, stand one behind the other."""

    parts: tuple["Formula", ...]
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Formula", ...]


Formula = Needle | AllOf | AnyOf

ANYTHING = AllOf(())


def all_of(parts: Iterable[Formula], *, in_order: bool = False) -> Formula:
    known = tuple(dict.fromkeys(part for part in parts if part != ANYTHING))
    return known[0] if len(known) == 1 else AllOf(known, in_order and bool(known))


def anywhere(formula: Formula) -> Formula:
    """The same, where it is part of something in order."""
    return formula if formula == ANYTHING else AllOf((formula,))


def any_of(parts: Iterable[Formula]) -> Formula:
    known = tuple(dict.fromkeys(parts))
    if ANYTHING in known:
        return ANYTHING
    return known[0] if len(known) == 1 else AnyOf(known)


def needles_in(formula: Formula) -> Iterator[Needle]:
    """All of them, some perhaps more than once."""
    if isinstance(formula, AllOf | AnyOf):
        for part in formula.parts:
            yield from needles_in(part)
    else:
        yield formula
