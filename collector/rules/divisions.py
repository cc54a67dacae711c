r"""
Loops that can divide a text in two ways or more: then twice as many ways for each further turn, and ``re`` tries all.

    (?:a|ab|b)*   "ab" is one turn or two
    (\w+\s?)+     each letter is a turn of its own, or part of the one before

The body of the loop becomes an automaton of its atoms (Glushkov 1961), and two walks through it take the same text at
once. Where they can part and meet again, that text is ambiguous (Weber and Seidl 1991, "On the degree of ambiguity of
finite automata", criterion EDA). Anchors and look-arounds are taken for true, so a loop that is named may be harmless.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from collector.rules.regex_text import Atom, Group, Loop, Part

_MOST = 80
"""Atoms of a loop that are looked at: the work grows with the square."""

_COPIES = 40
"""Up to so many turns a loop with an end is written out; one with more counts as one without."""

Chars = frozenset[str]
Pair = tuple[int, int]


class TooLargeError(Exception):
    """The loop has too many atoms."""


@dataclass(slots=True)
class _Ends:
    """Where a part can begin and end, and in how many ways it takes nothing; two stand for more."""

    first: list[int] = field(default_factory=list)
    last: list[tuple[int, Chars]] = field(default_factory=list)
    empty: int = 1


class _Automaton:
    """
    ``chars`` of each atom; ``steps`` from an atom to those that may follow it, with what they can then take, one for
    each way.
    """

    def __init__(self) -> None:
        self.chars: list[Chars] = []
        self.steps: list[list[tuple[int, Chars]]] = []

    def part(self, part: Part) -> _Ends:
        match part:
            case Atom(_, _, chars):
                return self._atom(chars)
            case Group(_, _, bodies):
                return _either([self.sequence(body) for body in bodies])
            case Loop():
                return self._loop(part)
        return _Ends()

    def _atom(self, chars: Chars) -> _Ends:
        if len(self.chars) == _MOST:
            raise TooLargeError
        self.chars.append(chars)
        self.steps.append([])
        place = len(self.chars) - 1
        return _Ends([place], [(place, frozenset())], 0)

    def sequence(self, parts: Iterable[Part]) -> _Ends:
        whole = _Ends()
        for part in parts:
            whole = self._after(whole, self.part(part))
        return whole

    def _after(self, one: _Ends, other: _Ends) -> _Ends:
        self.link(one.last, other.first)
        return _Ends(
            one.first + other.first * one.empty,
            other.last + one.last * other.empty,
            min(2, one.empty * other.empty),
        )

    def link(self, last: Iterable[tuple[int, Chars]], first: Iterable[int]) -> None:
        for place, refused in last:
            self.steps[place] += [(follower, left) for follower in first if (left := self.chars[follower] - refused)]

    def _loop(self, loop: Loop) -> _Ends:
        """
        ``a{2,4}`` is aa(a(a)?)?; without an end the last turn is taken again. What a possessive loop could have taken
        cannot follow it.
        """
        endless = loop.high is None or loop.high > _COPIES
        turns = max(1, min(loop.low, _COPIES)) if endless else loop.high or 0
        whole, tail = _Ends(), _Ends()
        for turn in range(turns):
            one = self.part(loop.body)
            if endless and turn == turns - 1:
                self.link(one.last, one.first)
            self.link(tail.last, one.first)
            if turn == 0:
                whole.first = one.first
            optional = turn >= loop.low or one.empty
            whole.last = one.last + (whole.last if optional else [])
            tail = one
        whole.empty = 1 if not loop.low or not turns or tail.empty else 0
        if loop.possessive and isinstance(loop.body, Atom) and endless:
            whole.last = [(place, refused | loop.body.chars) for place, refused in whole.last]
        return whole


def _either(ways: Sequence[_Ends]) -> _Ends:
    return _Ends(
        [place for way in ways for place in way.first],
        [end for way in ways for end in way.last],
        min(2, sum(way.empty for way in ways)),
    )


def divisible(loop: Loop) -> tuple[str, str] | None:
    """
    A text that the loop can take over and over, each time in two ways, and what stands before the first of them; None
    when there is none.

    Raises:
        TooLargeError: the loop has too many atoms to be looked at.
    """
    automaton = _Automaton()
    ends = automaton.part(loop.body)
    automaton.link(ends.last, ends.first)
    place, again = _double_step(automaton) or _parting(automaton) or (None, "")
    return None if place is None else (_lead(automaton, ends.first, place), again)


def _double_step(automaton: _Automaton) -> tuple[int, str] | None:
    """From one atom to the next in two ways."""
    for place, steps in enumerate(automaton.steps):
        ways: dict[int, Chars] = {}
        for follower, chars in steps:
            shared = chars & ways.get(follower, frozenset())
            if shared:
                return place, a_char(shared) + _way(automaton, follower, place)
            ways[follower] = ways.get(follower, frozenset()) | chars
    return None


def _parting(automaton: _Automaton) -> tuple[int, str] | None:
    """Two walks from one atom to another, by the same text, that are apart in between."""
    for start in range(len(automaton.chars)):
        came: dict[Pair, tuple[Pair, str]] = {}
        waiting = deque([(start, start)])
        while waiting:
            pair = waiting.popleft()
            for follower, chars in _steps(automaton, pair):
                if follower[0] == follower[1] and pair[0] != pair[1]:
                    text = _text_to(came, pair) + a_char(chars)
                    return start, text + _way(automaton, follower[0], start)
                if follower[0] < follower[1] and follower not in came:
                    came[follower] = pair, a_char(chars)
                    waiting.append(follower)
    return None


def _lead(automaton: _Automaton, first: Sequence[int], place: int) -> str:
    """A text from the beginning of a turn to an atom and through it."""
    begin = place if place in first else first[0]
    return a_char(automaton.chars[begin]) + _way(automaton, begin, place)


def _steps(automaton: _Automaton, pair: Pair) -> Iterator[tuple[Pair, Chars]]:
    """Of two walks with the same text; which is which does not matter."""
    for one, chars in automaton.steps[pair[0]]:
        for other, others in automaton.steps[pair[1]]:
            if chars & others:
                yield (min(one, other), max(one, other)), chars & others


def _text_to(came: dict[Pair, tuple[Pair, str]], pair: Pair) -> str:
    text = ""
    while pair in came:
        pair, char = came[pair]
        text = char + text
    return text


def _way(automaton: _Automaton, start: int, end: int) -> str:
    """A shortest text from one atom to another: there is one, as the loop goes round."""
    came: dict[int, tuple[int, str]] = {}
    waiting = deque([start])
    while waiting and end not in came and start != end:
        place = waiting.popleft()
        for follower, chars in automaton.steps[place]:
            if follower not in came and follower != start:
                came[follower] = place, a_char(chars)
                waiting.append(follower)
    text = ""
    while end != start and end in came:
        end, char = came[end]
        text = char + text
    return text


_LIKED = "a0 x"


def a_char(chars: Chars) -> str:
    """One of them, always the same: a letter, digit or blank where there is one."""
    return next((char for char in _LIKED if char in chars), None) or min(chars, key=lambda char: (char < "!", char))
