r"""
A regular expression of ``re`` as a tree that knows where in the text each part stands, for those who point at parts.

    '(\w+\s?)+$'  →  Loop(0..9, Group(…)), Zero(9..10)

What is read here is only how parts are put together; which characters an atom takes is asked of ``re`` itself. The
pattern must be one that ``re`` compiles.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_SAMPLE = (*map(chr, range(128)), "é")
"""All of ASCII, and one for the rest."""

_DEEPEST = 50
"""Groups within groups."""

_TOKEN = re.compile(
    r"(?P<comment>\(\?\#[^)]*\)|\(\?[a-zA-Z]+\))"
    r"|(?P<back>\(\?P=\w+\)|\\(?:[1-9][0-9]?(?![0-9])))"
    r"|(?P<look>\(\?<?[=!])"
    r"|(?P<atomic>\(\?>)"
    r"|(?P<open>\((?:\?(?:P<\w+>|\(\w+\)|(?P<flags>[a-zA-Z]*(?:-[a-zA-Z]+)?):))?)"
    r"|(?P<close>\))"
    r"|(?P<or>\|)"
    r"|(?P<times>[*+?]|\{(?:(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*))(?<!\{)\})(?P<kind>[?+]?)"
    r"|(?P<zero>\^|\$|\\[AZbB])"
    r"|(?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\N\{[^}]*\}|\\(?:x..|u.{4}|U.{8}|[0-7]{1,3}|.)|.)",
    re.DOTALL,
)
_GLOBAL_FLAGS = re.compile(r"\(\?[a-zA-Z]+\)")
_VERBOSE = int(re.VERBOSE)
_VERBOSE_BLANK = re.compile(r"[ \t\n\r\f\v]|#[^\n]*")


@dataclass(frozen=True, slots=True)
class Atom:
    """
    One character of ``chars``, in which "é" stands for all beyond ASCII. ``plain`` ones that are alternatives become
    one class when ``re`` compiles them.
    """

    start: int
    end: int
    chars: frozenset[str]
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Zero:
    """Takes no text, or nobody knows which: anchors, look-arounds, back-references. ``bodies`` as those of a group."""

    start: int
    end: int
    bodies: tuple["Parts", ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """One of its ``bodies``; an ``atomic`` one never goes back into itself."""

    start: int
    end: int
    bodies: tuple["Parts", ...]
    atomic: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """``high`` is None when there is no end; a ``possessive`` one never gives back what it took."""

    start: int
    end: int
    low: int
    high: int | None
    body: "Part"
    possessive: bool


Part = Atom | Zero | Group | Loop
Parts = tuple[Part, ...]


@lru_cache(maxsize=16)
def read(pattern: str, flags: int = re.ASCII) -> tuple[Parts, ...]:
    """
    The alternatives of a pattern, each with its parts. Remembered for a moment, as several look at the same one.

    Raises:
        RecursionError: groups are nested too deeply.
    """
    if _GLOBAL_FLAGS.search(pattern):
        flags = re.compile(pattern, flags).flags
    return _Reading(pattern, int(flags)).alternatives()


class _Reading:
    """Goes through the tokens once; ``alternatives`` calls itself for what a parenthesis opens."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags
        self._tokens = self._without_blanks() if flags & _VERBOSE else _TOKEN.finditer(pattern)
        self._end = len(pattern)

    def alternatives(self, depth: int = 0) -> tuple[Parts, ...]:
        if depth > _DEEPEST:
            raise RecursionError
        found: list[list[Part]] = [[]]
        for token in self._tokens:
            self._end = token.end()
            if token.lastgroup == "atom":
                found[-1].append(self._atom(token))
                continue
            if token["close"]:
                break
            if token["or"]:
                found.append([])
            elif token["times"]:
                found[-1].append(_loop(token, found[-1].pop()))
            elif not token["comment"]:
                found[-1].append(self._part(token, depth + 1))
        atoms = [body[0] for body in found if len(body) == 1 and isinstance(body[0], Atom) and body[0].plain]
        if 1 < len(atoms) == len(found):
            return ((Atom(atoms[0].start, atoms[-1].end, frozenset[str]().union(*(atom.chars for atom in atoms))),),)
        return tuple(map(tuple, found))

    def _atom(self, token: re.Match[str]) -> Atom:
        text = token[0]
        plain = text != "." and not text.startswith("[^")
        return Atom(token.start(), token.end(), _chars(text, self._flags & ~_VERBOSE), plain)

    def _part(self, token: re.Match[str], depth: int) -> Part:
        start, end = token.span()
        if token["look"]:
            bodies = self.alternatives(depth)
            return Zero(start, self._end, bodies)
        if token["open"] or token["atomic"]:
            return self._group(token, depth)
        return Zero(start, end)

    def _group(self, token: re.Match[str], depth: int) -> Group:
        outer = self._flags
        added, _, removed = (token["flags"] or "").partition("-")
        self._flags = (outer | _flags(added)) & ~_flags(removed)
        bodies = self.alternatives(depth)
        self._flags = outer
        return Group(token.start(), self._end, bodies, atomic=bool(token["atomic"]))

    def _without_blanks(self) -> Iterator[re.Match[str]]:
        place = 0
        while place < len(self._pattern):
            token = _VERBOSE_BLANK.match(self._pattern, place) or _TOKEN.match(self._pattern, place)
            assert token
            if token.re is _TOKEN:
                yield token
            place = token.end()


def _loop(token: re.Match[str], body: Part) -> Loop:
    low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token["times"], (0, None))
    if token["comma"] is not None:
        low = int(token["low"] or 0)
        high = int(token["high"]) if token["high"] else None if token["comma"] else low
    return Loop(body.start, token.end(), low, high, body, token["kind"] == "+")


def _flags(letters: str) -> int:
    return sum({"i": int(re.IGNORECASE), "s": int(re.DOTALL), "x": _VERBOSE}.get(letter, 0) for letter in letters)


@lru_cache(maxsize=1024)
def _chars(atom: str, flags: int) -> frozenset[str]:
    fits = re.compile(atom, flags).fullmatch
    return frozenset(char for char in _SAMPLE if fits(char))
