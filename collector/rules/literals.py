r"""
The literals a regular expression cannot match without.

    'I(llegal|nvalid) user (?P<user>\S+) from'  →  one of "Illegal user ", "Invalid user "; and " from"

What comes one after the other is multiplied out while it stays few; where it does not, a literal ends and another
begins. All of them are needed, so whoever looks for lines may choose the one that is cheapest to look for. The idea is
that of RE2's prefilters (Cox, "Regular Expression Matching with a Trigram Index", 2012).
"""

from dataclasses import dataclass
from itertools import product

from collector.rules.needles import ANYTHING, Formula, Literal, all_of, any_of, anywhere
from collector.rules.regex_tree import Ahead, Choice, Node, One, Open, Repeat, Sequence, Text

_MOST = 16
"""Strings that one place is multiplied out to."""

_MOST_OF_A_CLASS = 4
_LONGEST = 64
"""Characters; a longer literal finds no fewer lines."""


@dataclass(frozen=True, slots=True)
class _Strings:
    """Just these strings, one of them; with ``caseless`` in any case of ASCII letters."""

    texts: frozenset[str]
    caseless: bool = False


_EMPTY = _Strings(frozenset(("",)))


@dataclass(frozen=True, slots=True)
class _Known:
    """
    What is known of a node: all its ``strings``, when they are few, or else what it both begins and ends with, its
    ``edges``; and what a line with a match must hold besides.
    """

    strings: _Strings | None
    formula: Formula = ANYTHING
    edges: _Strings = _EMPTY


def literals_of(tree: Node) -> Formula:
    return _needed(_known(tree))


def _needed(known: _Known) -> Formula:
    return all_of([known.formula, _formula(known.strings or known.edges)])


def _known(node: Node) -> _Known:  # noqa: PLR0911  (one return for each shape)
    match node:
        case Text():
            return _Known(_Strings(frozenset((node.text,)), node.caseless))
        case One():
            return _Known(_chars(node))
        case Sequence():
            return _sequence(node)
        case Choice():
            return _choice(node)
        case Repeat():
            return _repeat(node)
        case Ahead():
            return _Known(_EMPTY, anywhere(literals_of(node.body)))
        case Open():
            return _Known(None)


def _chars(node: One) -> _Strings | None:
    if node.beyond or not 0 < len(node.chars) <= _MOST_OF_A_CLASS:
        return None
    return _Strings(node.chars)


def _sequence(node: Sequence) -> _Known:
    """Joins what comes one after the other, and begins anew where something unknown or too much stands between."""
    run, whole, apart = _EMPTY, True, True
    found: list[Formula] = []
    for part in node.parts:
        known = _known(part)
        next_run = known.strings or known.edges
        joined = _joined(run, next_run)
        if known.strings is not None and joined is not None:
            run = joined
            found.append(known.formula)
            continue
        found += [_formula(joined or run), known.formula]
        apart = apart and known.edges == _EMPTY  # an edge is the end of one literal and the beginning of the next
        run, whole = next_run, False
    if whole:
        return _Known(run, all_of(found))
    return _Known(None, all_of([*found, _formula(run)], in_order=apart))


def _choice(node: Choice) -> _Known:
    known = [_known(part) for part in node.parts]
    strings = [one.strings for one in known if one.strings is not None and one.formula == ANYTHING]
    texts = frozenset[str]().union(*(one.texts for one in strings))
    if len(strings) == len(known) and len(texts) <= _MOST:
        return _Known(_Strings(texts, any(one.caseless for one in strings)))
    return _Known(None, any_of([_needed(one) for one in known]))


def _repeat(node: Repeat) -> _Known:
    body = _known(node.body)
    if body.strings is not None and node.high is not None and node.high <= _MOST_OF_A_CLASS:
        powers = [_power(body.strings, count) for count in range(node.low, node.high + 1)]
        texts = frozenset[str]().union(*(one.texts for one in powers if one))
        if all(powers) and len(texts) <= _MOST:
            return _Known(_Strings(texts, body.strings.caseless), body.formula if node.low else ANYTHING)
    if not node.low:
        return _Known(None)
    return _Known(None, body.formula, body.strings or body.edges)


def _power(strings: _Strings, count: int) -> _Strings | None:
    result: _Strings | None = _EMPTY
    for _ in range(count):
        result = result and _joined(result, strings)
    return result


def _joined(left: _Strings, right: _Strings) -> _Strings | None:
    """Each of the one followed by each of the other; None when they are too many or too long."""
    if len(left.texts) * len(right.texts) > _MOST or max(map(len, left.texts)) > _LONGEST:
        return None
    texts = frozenset(one + other for one, other in product(left.texts, right.texts))
    return _Strings(texts, left.caseless or right.caseless)


def _formula(strings: _Strings) -> Formula:
    return any_of([_literal(text, caseless=strings.caseless) for text in strings.texts])


def _literal(text: str, *, caseless: bool) -> Formula:
    """No line holds a LF or half a surrogate pair; what asks for one is left to the condition."""
    if not text or "\n" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return ANYTHING
    raw = text.encode()
    return Literal(raw.lower() if caseless else raw, caseless)
