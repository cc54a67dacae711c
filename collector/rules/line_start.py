r"""
Whether an anchored pattern can find the beginning of a line, which is always a stamp and a host name.

    ^Failed password       never: the line begins with "Oct 11 22:14:15 gate "
    ^\S+ sshd              never: after the month comes the day
    ^.{15} \S+ sshd        finds it
"""

import re

from collector.rules.regex_text import Atom, Group, Loop, Part, Parts, Zero, read

_DIGITS = "0123456789"
_STAMP = (
    "JFMASOND", "aepuco", "nbrylgptvc", " ", " 0123", _DIGITS, " ",
    "012", _DIGITS, ":", "012345", _DIGITS, ":", "012345", _DIGITS, " ",
)  # fmt: skip
"""The characters that can stand at each place; behind them, anything."""

_END = len(_STAMP)
_ANCHORS = ("^", r"\A")

_Places = frozenset[int]


def can_begin_line(pattern: str, *, ignore_case: bool = False) -> bool:
    """False when the pattern is bound to the beginning of a line, and no line begins so."""
    if not any(anchor in pattern for anchor in _ANCHORS):
        return True
    flags = re.ASCII | (re.IGNORECASE if ignore_case else 0)
    return any(_can(alternative, pattern) for alternative in read(pattern, flags))


def _can(parts: Parts, pattern: str) -> bool:
    first = next((part for part in parts if not isinstance(part, Zero) or not part.bodies), None)
    if not isinstance(first, Zero) or pattern[first.start : first.end] not in _ANCHORS:
        return True
    return bool(_after_all(parts, frozenset((0,)), pattern))


def _after_all(parts: Parts, places: _Places, pattern: str) -> _Places:
    for part in parts:
        places = _after(part, places, pattern)
    return places


def _after(part: Part, places: _Places, pattern: str) -> _Places:
    """Where one may be in the line when a part has taken its text, beginning at one of these places."""
    match part:
        case Atom(_, _, chars):
            return frozenset(
                min(place + 1, _END) for place in places if place == _END or not chars.isdisjoint(_STAMP[place])
            )
        case Group(_, _, bodies):
            return frozenset().union(*(_after_all(body, places, pattern) for body in bodies))
        case Zero(start, end, bodies) if not bodies and pattern[start:end] not in {*_ANCHORS, "$", r"\b", r"\B", r"\Z"}:
            return frozenset(range(_END + 1)) if places else places  # a reference to some text
        case Loop():
            return _after_loop(part, places, pattern)
    return places


def _after_loop(loop: Loop, places: _Places, pattern: str) -> _Places:
    """After so many turns as make a difference: a line's beginning has no more places."""
    for _ in range(min(loop.low, _END + 1)):
        places = _after(loop.body, places, pattern)
    reached = places
    for _ in range(_END + 1 if loop.high is None else min(loop.high - loop.low, _END + 1)):
        places = _after(loop.body, places, pattern)
        if places <= reached:
            break
        reached |= places
    return reached
