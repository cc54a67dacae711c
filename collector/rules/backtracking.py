r"""
Regular expressions that may take for ever: where a text can be divided in many ways, and all are tried before ``re``
gives up.

    ^(\w+\s?)+$      each word may be one turn of the loop or several: twice as long for each further letter
    (.|\s)+:         a blank fits both alternatives: the same

It matters only where something after it can fail. Possessive quantifiers (``\w++``) and atomic groups (``(?>…)``) are
the cure, and are trusted. What is only slow, and grows with a power of the text's length, is found by measuring
(``slow_patterns.py``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.rules.divisions import TooLargeError, a_char, divisible
from collector.rules.regex_text import Atom, Group, Loop, Part, Parts, Zero, read

_MANY = 10
"""From more turns than this on a loop counts as one without end."""

_MAY_LOOP = re.compile(r"\)\s*(?:#[^\n]*\s*)*[*+{]")
"""Without a loop around a group there is nothing to look for. In a verbose pattern there may be blanks between."""

_DEEP = 30


@dataclass(frozen=True, slots=True)
class Danger:
    """
    ``start`` and ``end`` are offsets in the pattern; ``why`` is a sentence without its end. After ``before``, each
    further ``again`` should double the time. ``sure`` is False where an anchor inside may keep it from that.
    """

    start: int
    end: int
    why: str
    before: str = ""
    again: str = ""
    sure: bool = True


def dangers(pattern: str, *, ignore_case: bool = False) -> list[Danger]:
    """What may go wrong in a pattern that ``re`` compiles, by place."""
    if not _MAY_LOOP.search(pattern) and pattern.count("(") < _DEEP:
        return []
    try:
        bodies = read(pattern, re.ASCII | (re.IGNORECASE if ignore_case else 0))
        found = [danger for parts in bodies for danger in _in_parts(parts, "", fails=False)]
    except RecursionError:
        return [Danger(0, len(pattern), "groups are nested too deeply to be looked through")]
    return sorted(dict.fromkeys(found), key=lambda danger: (danger.start, -danger.end))


def _in_parts(parts: Parts, before: str, *, fails: bool) -> Iterator[Danger]:
    """``before`` is a text that leads here; ``fails`` tells whether what comes after these parts can fail."""
    for place, part in enumerate(parts):
        after = fails or any(map(can_fail, parts[place + 1 :]))
        match part:
            case Zero(_, _, bodies):
                yield from (danger for body in bodies for danger in _in_parts(body, before, fails=True))
            case Group(_, _, bodies, atomic):
                inside = after and not atomic
                yield from (danger for body in bodies for danger in _in_parts(body, before, fails=inside))
            case Loop(_, _, _, _, body, possessive) if not isinstance(body, Atom):
                inside = after and not possessive
                found = _in_loop(part, before) if inside and is_many(part) else None
                yield from [found] if found else _in_parts((body,), before, fails=inside)
        before += example(part)


def _in_loop(loop: Loop, before: str) -> Danger | None:
    try:
        found = divisible(loop)
    except TooLargeError:
        return None
    sure = not _has_anchor(loop.body)
    if found:
        lead, again = found
        nested = any(is_many(inner) for inner in _loops_in(loop.body))
        why = "a loop within a loop can divide" if nested else "its turns can divide"
        return Danger(loop.start, loop.end, f"{why} the same text in many ways", before + lead, again, sure)
    if loop.low > _MANY and not can_fail(loop.body) and chars_of(loop.body):
        why = f"each of its {loop.low} turns can take some of the text or nothing"
        return Danger(loop.start, loop.end, why, before, a_char(chars_of(loop.body)), sure)
    return None


def _loops_in(part: Part) -> Iterator[Loop]:
    match part:
        case Loop():
            yield part
            yield from _loops_in(part.body)
        case Group(_, _, bodies):
            yield from (loop for body in bodies for one in body for loop in _loops_in(one))


def _has_anchor(part: Part) -> bool:
    """Something that takes no text, or what never gives back, by which ways may end that seem to be there."""
    match part:
        case Zero():
            return True
        case Loop():
            return _has_anchor(part.body)
        case Group(_, _, bodies, atomic):
            return atomic or any(_has_anchor(one) for body in bodies for one in body)
    return False


def is_many(loop: Loop) -> bool:
    return loop.high is None or loop.high > _MANY


def can_fail(part: Part) -> bool:
    match part:
        case Group(_, _, bodies):
            return all(any(map(can_fail, body)) for body in bodies)
        case Loop(_, _, low, _, body):
            return low > 0 and can_fail(body)
    return True


def example(part: Part) -> str:
    """A short text that it takes, as far as that can be said."""
    match part:
        case Atom(_, _, chars):
            return a_char(chars) if chars else ""
        case Group(_, _, bodies):
            return "".join(map(example, bodies[0]))
        case Loop(_, _, low, _, body):
            return example(body) * min(low, _MANY)
    return ""


def chars_of(part: Part) -> frozenset[str]:
    """All characters that may stand in what it takes."""
    match part:
        case Atom(_, _, chars):
            return chars
        case Group(_, _, bodies):
            return frozenset[str]().union(*(chars_of(one) for body in bodies for one in body))
        case Loop():
            return chars_of(part.body)
    return frozenset()
