"""
A regular expression of ``re`` as a tree of a few shapes, for those who ask what its matches must look like.

    'I(llegal|nvalid) user [^ ]+'  →  Sequence(Text I, Choice(Text llegal, Text nvalid), …, Repeat(1, None, One …))

The tree may admit more than the expression, never less: anchors, word boundaries and negative look-arounds are left
out, back-references and groups with Unicode rules of their own are ``Open``. It is read from what ``re`` itself makes
of the text, so there is no second opinion about the syntax; this is the one place that knows the shape of that.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

# Private, but the same in 3.11 to 3.14; its public alias ``sre_parse`` is deprecated. typeshed has no stubs for it.
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_ASCII = frozenset(map(chr, range(128)))
_CLASSES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
_MEMBERS = {
    getattr(ops, f"CATEGORY_{sign}{name}"): frozenset(
        char for char in _ASCII if bool(re.match(text, char, re.ASCII)) is not bool(sign)
    )
    for name, text in _CLASSES.items()
    for sign in ("", "NOT_")
}
_NEGATIVE = {getattr(ops, f"CATEGORY_NOT_{name}") for name in _CLASSES}


_DEEPEST = 50
"""Groups within groups; what is further inside is not looked at."""

_IGNORECASE, _UNICODE = int(re.IGNORECASE), int(re.UNICODE)


@dataclass(frozen=True, slots=True)
class Text:
    """Just this, not empty; with ``caseless`` it is in lower case, and stands for both cases of ASCII letters."""

    text: str
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class One:
    """One character: of ``chars``, or where ``beyond`` is true, any that is not ASCII."""

    chars: frozenset[str]
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; also nothing at all."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``high`` is None when there is no end."""

    low: int
    high: int | None
    body: "Node"


@dataclass(frozen=True, slots=True)
class Ahead:
    """Takes no room here, but stands somewhere in the line: a positive look-around."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Open:
    """Any text, also none."""


_ANY = One(_ASCII, beyond=True)


Node = Text | One | Sequence | Choice | Repeat | Ahead | Open


def parse(pattern: str, *, ignore_case: bool = False) -> Node:
    """
    The tree of a pattern under ``re.ASCII``.

    Raises:
        re.error: it is none that ``re`` takes.
    """
    try:
        tree = _parser.parse(pattern, re.ASCII | (re.IGNORECASE if ignore_case else 0))
        return _sequence(tree, int(tree.state.flags), 0)
    except RecursionError:
        return Open()  # re follows groups that are nested a little deeper


def _sequence(tree: Any, flags: int, depth: int) -> Node:
    """What follows each other, flat: a group is no more than its parts, and letters make one text."""
    if depth > _DEEPEST:
        return Open()
    parts: list[Node] = []
    for node in _nodes(tree, flags, depth + 1):
        for part in node.parts if isinstance(node, Sequence) else (node,):
            last = parts[-1] if parts else None
            if isinstance(part, Text) and isinstance(last, Text) and part.caseless is last.caseless:
                parts[-1] = Text(last.text + part.text, part.caseless)
            else:
                parts.append(part)
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _nodes(tree: Any, flags: int, depth: int) -> Iterator[Node]:
    """One for each item, but one for all letters between two others: most of an expression is letters."""
    letters: list[int] = []
    for op, argument in tree.data:  # which is a list, where its tree makes a call for each item
        if op is ops.LITERAL and not flags & _IGNORECASE:
            letters.append(argument)
            continue
        if letters:
            yield Text("".join(map(chr, letters)))
            letters = []
        yield _node(op, argument, flags, depth)
    if letters:
        yield Text("".join(map(chr, letters)))


def _node(op: Any, argument: Any, flags: int, depth: int) -> Node:  # noqa: PLR0911  (one return for each shape)
    if op is ops.LITERAL:
        return _class(((op, argument),), caseless=bool(flags & _IGNORECASE))
    if op is ops.NOT_LITERAL:
        return _class(((ops.NEGATE, None), (ops.LITERAL, argument)), caseless=bool(flags & _IGNORECASE))
    if op is ops.IN:
        return _class(tuple(argument), caseless=bool(flags & _IGNORECASE))
    if op is ops.ANY:
        return _ANY
    if op is ops.SUBPATTERN:
        return _group(argument, flags, depth)
    if op is ops.BRANCH:
        return Choice(tuple(_sequence(branch, flags, depth) for branch in argument[1]))
    if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
        low, high, body = argument
        return Repeat(low, None if high is ops.MAXREPEAT else high, _sequence(body, flags, depth))
    return _rare(op, argument, flags, depth)


def _rare(op: Any, argument: Any, flags: int, depth: int) -> Node:
    if op is ops.ATOMIC_GROUP:
        return _sequence(argument, flags, depth)
    if op is ops.ASSERT:
        return Ahead(_sequence(argument[1], flags, depth))
    if op in {ops.AT, ops.ASSERT_NOT}:
        return Sequence(())
    return Open()  # back-references, conditions on groups, what never matches


def _group(argument: Any, flags: int, depth: int) -> Node:
    _, added, removed, body = argument
    if added & _UNICODE:
        return Open()
    return _sequence(body, (flags | added) & ~removed, depth)


@lru_cache(maxsize=1024)
def _class(items: tuple[tuple[Any, Any], ...], *, caseless: bool) -> Node:
    """The characters of a class; those that are one character, or one in both its cases, are text."""
    chars, beyond = _members(items)
    if caseless:
        chars |= {char.swapcase() for char in chars & _ASCII}
    if items[0][0] is ops.NEGATE:
        return One(_ASCII - chars, beyond=True)
    lowered = {char.lower() if char in _ASCII else char for char in chars}
    if len(lowered) == 1 and not beyond:
        return Text(lowered.pop() if len(chars) == 2 else min(chars), caseless=len(chars) == 2)
    return One(chars, beyond)


def _members(items: Iterable[tuple[Any, Any]]) -> tuple[frozenset[str], bool]:
    """The characters of a class, and whether there are more of them beyond ASCII than those."""
    chars: set[str] = set()
    beyond = False
    for op, argument in items:
        if op is ops.LITERAL:
            chars.add(chr(argument))
        elif op is ops.RANGE:
            low, high = argument
            chars.update(map(chr, range(low, min(high, 127) + 1)))
            beyond = beyond or high > 127
        elif op is ops.CATEGORY:
            chars |= _MEMBERS[argument]
            beyond = beyond or argument in _NEGATIVE
    return frozenset(chars), beyond
