r"""
Texts on which a pattern may be slow, made of the pattern itself: what can be shared among its loops, again and again.

    user=(.*) from (.*) port     "user= from user= from user= from …"
    ^\s*(.*?)\s*$                "      …!"

``re`` looks for a pattern from each character on, unless it is anchored: that counts as a loop before it. Loops one
after the other share a text when each can run through all that must stand between them; the time grows with the number
of those that do as a power. Which of these texts are slow, measuring tells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from collector.rules.backtracking import can_fail, chars_of, dangers, example, is_many
from collector.rules.divisions import Chars, a_char
from collector.rules.regex_text import Atom, Group, Loop, Part, Parts, Zero, read

_PATHS = 6
"""Ways through the alternatives of a pattern that are looked at."""

_MOST = 16
"""Attacks on a pattern."""

_ENDS = "!~;0a\té"


@dataclass(frozen=True, slots=True)
class Attack:
    """
    ``before`` once, ``again`` as often as there is room, then ``after``. ``start`` and ``end`` say which part of the
    pattern it is about, ``why`` is empty where that is nothing but slow, and ``anywhere`` tells that the pattern
    could begin at each character. Without ``again`` there is nothing to be tried. ``sure``: as of ``Danger``.
    """

    start: int
    end: int
    before: str
    again: str
    after: str
    why: str = ""
    anywhere: bool = False
    sure: bool = False

    def text(self, turns: int) -> str:
        return f"{self.before}{self.again * turns}{self.after}"


def attacks(pattern: str, *, ignore_case: bool = False) -> list[Attack]:
    """Those that double with each turn first."""
    doubling = [
        Attack(one.start, one.end, one.before, one.again, after, one.why, sure=one.sure)
        for one in dangers(pattern, ignore_case=ignore_case)
        for after in _ends(frozenset(one.again))
    ]
    try:
        bodies = read(pattern, re.ASCII | (re.IGNORECASE if ignore_case else 0))
    except RecursionError:
        return doubling
    slow = islice((one for parts in bodies for one in _on_alternative(parts, pattern)), _MOST)
    return [*doubling, *dict.fromkeys(slow)]


def _on_alternative(parts: Parts, pattern: str) -> Iterator[Attack]:
    seen = set()
    for number in range(_PATHS):
        path = tuple(_path(parts, number))
        if path in seen:
            break
        seen.add(path)
        yield from _on_path(path, pattern)


def _path(parts: Parts, number: int) -> Iterator[Part]:
    """One way through, with groups taken apart, and loops of a few turns written out."""
    for part in parts:
        match part:
            case Group(_, _, bodies):
                yield from _path(bodies[number % len(bodies)], number // len(bodies) if number else 0)
            case Loop(_, _, low, _, body) if not is_many(part):
                yield from (one for _ in range(low) for one in _path((body,), number))
            case _:
                yield part


def _on_path(path: Sequence[Part], pattern: str) -> Iterator[Attack]:
    anchored = any(isinstance(one, Zero) and pattern[one.start : one.end] in {"^", r"\A"} for one in path[:1])
    begins = [place for place, part in enumerate(path) if isinstance(part, Loop)]
    for begin in begins if anchored else [-1, *begins]:
        shared = list(_shared(path, begin))
        for again, last in [shared[-1], *shared[:1]] if shared else ():
            before = "".join(map(example, path[: max(begin, 0)]))
            start = path[max(begin, 0)].start
            chars = chars_of(path[last])
            for after in _ends(chars):
                yield Attack(start, path[last].end, before, again, after, anywhere=begin < 0)


def _shared(path: Sequence[Part], begin: int) -> Iterator[tuple[str, int]]:
    """What loops can share, of which one is at ``begin`` and the last at that place; -1 is the one before all."""
    common = None if begin < 0 else chars_of(path[begin])
    text = ""
    for place, part in enumerate(path[begin + 1 :], begin + 1):
        if isinstance(part, Zero):
            continue
        sub = _common(chars_of(part), common)
        if isinstance(part, Loop) and sub and chars_of(part).issuperset(text):
            common = sub
            if any(map(can_fail, path[place + 1 :])):
                yield text or a_char(sub), place
        elif isinstance(part, Atom) or can_fail(part):
            if not sub:
                return
            text += a_char(sub) if isinstance(part, Atom) else example(part)


def _common(chars: Chars, common: Chars | None) -> Chars:
    return chars if common is None else chars & common


def _ends(chars: Chars) -> tuple[str, ...]:
    """How it may end so that it does not fit: too early, or with what cannot stand there."""
    other = next((char for char in _ENDS if char not in chars), None)
    return ("", other) if other else ("",)
