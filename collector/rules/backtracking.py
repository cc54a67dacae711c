r"""
Regular expressions that may take for ever: where a text can be divided in many ways, and all are tried before ``re``
gives up.

    ^(\w+\s?)+$      each word may be one turn of the loop or several: twice as long for each further letter
    (.|\s)+:         a blank fits both alternatives: the same
    ^.*,.*,.*,.*;    a line of commas is divided among four loops: its length to the fourth power

It matters only where something after it can fail. Possessive quantifiers (``\w++``) and atomic groups (``(?>…)``) are
the cure, and are trusted. What is named here is a danger, what is not may be one: the engine interrupts what takes too
long.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice, product

from collector.rules.regex_text import Atom, Group, Loop, Part, Parts, Zero, read

_MANY = 10
"""From more turns than this on a loop counts as one without end."""

_SHARING = 3
"""Loops that may share the same text before it is worth a word."""

_PATHS = 64
"""Ways through a group that are looked at."""


@dataclass(frozen=True, slots=True)
class Danger:
    """``start`` and ``end`` are offsets in the pattern; ``why`` is a sentence without its end."""

    start: int
    end: int
    why: str


def dangers(pattern: str, *, ignore_case: bool = False) -> list[Danger]:
    """What may go wrong in a pattern that ``re`` compiles, by place."""
    try:
        bodies = read(pattern, re.ASCII | (re.IGNORECASE if ignore_case else 0))
        found = [danger for parts in bodies for danger in _in_parts(parts, fails=False)]
    except RecursionError:
        return [Danger(0, len(pattern), "groups are nested too deeply to be looked through")]
    return sorted(dict.fromkeys(found), key=lambda danger: (danger.start, -danger.end))


def _in_parts(parts: Parts, *, fails: bool) -> Iterator[Danger]:
    """``fails`` tells whether what comes after these parts can fail."""
    yield from _shared(parts, fails=fails)
    for place, part in enumerate(parts):
        after = fails or any(map(_can_fail, parts[place + 1 :]))
        match part:
            case Zero(_, _, bodies):
                yield from (danger for body in bodies for danger in _in_parts(body, fails=True))
            case Group(_, _, bodies, atomic):
                yield from (danger for body in bodies for danger in _in_parts(body, fails=after and not atomic))
            case Loop(_, _, _, _, body, possessive):
                if _is_many(part) and after and not possessive:
                    yield from _in_loop(part)
                yield from _in_parts((body,), fails=after and not possessive)


def _in_loop(loop: Loop) -> Iterator[Danger]:
    paths = list(islice(_paths(loop.body), _PATHS))
    for path in paths:
        inner = next((part for part in path if isinstance(part, Loop) and _is_ambiguous(part, path)), None)
        if inner:
            why = "a loop within a loop can divide the same text in many ways"
            yield Danger(loop.start, loop.end, why)
            return
    if any(_overlap(one, other) for one, other in combinations(paths, 2)):
        yield Danger(loop.start, loop.end, "alternatives within a loop fit the same text")


def _is_ambiguous(inner: Loop, path: Parts) -> bool:
    """Whether a text of one character can be all that the path takes: then where the inner loop ends is open."""
    if not _is_many(inner) or inner.possessive:
        return False
    others = [part for part in path if part is not inner and _can_fail(part)]
    if any(isinstance(part, Zero) for part in others):
        return False
    if not others:
        return True
    return bool(_chars(inner).intersection(*map(_chars, others)))


def _overlap(one: Parts, other: Parts) -> bool:
    if not one or len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(isinstance(a, Atom) and isinstance(b, Atom) and a.chars & b.chars for a, b in pairs)


def _shared(parts: Parts, *, fails: bool) -> Iterator[Danger]:
    """Loops one after the other that some character can run through, and through all that must stand between them."""
    for place, part in enumerate(parts):
        if isinstance(part, Loop) and _takes_back(part):
            loops, last = _run(parts, place)
            if loops >= _SHARING and (fails or any(map(_can_fail, parts[last + 1 :]))):
                yield Danger(part.start, parts[last].end, f"{loops} loops can share the same text")
                return


def _run(parts: Parts, first: int) -> tuple[int, int]:
    """How many loops share text with this one, and the place of the last."""
    chars, loops, last = _chars(parts[first]), 1, first
    for place, part in enumerate(parts[first + 1 :], first + 1):
        common = chars & _chars(part)
        if isinstance(part, Loop) and _takes_back(part) and common:
            chars, loops, last = common, loops + 1, place
        elif _can_fail(part):
            chars = common
    return loops, last


def _takes_back(loop: Loop) -> bool:
    return _is_many(loop) and not loop.possessive and isinstance(loop.body, Atom)


def _paths(part: Part) -> Iterator[Parts]:
    """The ways through a part, with groups taken apart; a loop of a few turns is taken once, or left out."""
    match part:
        case Group(_, _, bodies, False):
            for body in bodies:
                ways = [list(islice(_paths(one), _PATHS)) for one in body]
                for way in islice(product(*ways), _PATHS):
                    yield tuple(leaf for piece in way for leaf in piece)
        case Loop(_, _, low, _, body, False) if not _is_many(part):
            if not low:
                yield ()
            yield from _paths(body)
        case _:
            yield (part,)


def _is_many(loop: Loop) -> bool:
    return loop.high is None or loop.high > _MANY


def _can_fail(part: Part) -> bool:
    match part:
        case Group(_, _, bodies):
            return all(any(map(_can_fail, body)) for body in bodies)
        case Loop(_, _, low, _, body):
            return low > 0 and _can_fail(body)
    return True


def _chars(part: Part) -> frozenset[str]:
    """All characters that may stand in what it takes."""
    match part:
        case Atom(_, _, chars):
            return chars
        case Group(_, _, bodies):
            return frozenset[str]().union(*(_chars(one) for body in bodies for one in body))
        case Loop():
            return _chars(part.body)
    return frozenset()
