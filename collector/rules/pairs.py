r"""
Two texts in one line, where each of them alone stands in many lines.

    '(?:warning: )?disk quota (?:[a-z]+ )?exceeded'  →  "disk quota ", and behind it "exceeded"

Scanners know no "and" within a line, so a pair is an expression; in either order, where none is known. Where texts may
share bytes, as "abc" and "cd" do in a line with "abcd", the later one has to bring only those that are its own.
"""

from collector.rules.needles import AnyOf, Formula, Literal, Pair
from collector.rules.rarity import bits_of, rate

_ALTERNATIVES = 4
"""Literals of which one must be there."""

_LEAST = 6
"""Bytes of the later text. With 3 to 5, expressions may take thirty times as long to compile."""

Texts = tuple[Literal, ...]
"""One of them must be there."""


def texts_of(formula: Formula) -> Texts:
    """Empty when it is something else than literals, or they are too many. What they all have may stand for them."""
    parts = formula.parts if isinstance(formula, AnyOf) else (formula,)
    texts = tuple(sorted((part for part in parts if isinstance(part, Literal)), key=lambda one: one.text))
    if not texts or len(texts) < len(parts):
        return ()
    common = _common(texts)
    if rate(bits_of(common.text)) <= 2 * rate_of(texts):
        return (common,)
    return texts if len(texts) <= _ALTERNATIVES else ()


def rate_of(texts: Texts) -> float:
    return sum(rate(bits_of(one.text)) for one in texts)


def pair_of(one: Texts, other: Texts, rate: float, *, in_order: bool) -> Pair | None:
    """
    Both in a line; ``in_order``, when ``other`` stands behind ``one``. None when one may lie within the other, or would
    take too long to compile.
    """
    ways = [_written(one, other)] if in_order else [_apart(one, other), _apart(other, one)]
    if "" in ways:
        return None
    caseless = any(text.caseless for text in (*one, *other))
    return Pair("|".join(sorted(ways)), rate, " and ".join(sorted((_named(one), _named(other)))), caseless)


def _common(texts: Texts) -> Literal:
    """The longest that all begin or end with."""
    begin = _beginning([text.text for text in texts])
    end = _beginning([text.text[::-1] for text in texts])[::-1]
    return Literal(max(begin, end, key=len), any(text.caseless for text in texts))


def _beginning(texts: list[bytes]) -> bytes:
    """What the first and the last in order both begin with, all between them do."""
    first, last = min(texts), max(texts)
    length = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:length]


def _apart(first: Texts, second: Texts) -> str:
    """The one that begins first, and of the other what cannot be part of it."""
    shared = max(_shared(one.text.lower(), other.text.lower()) for one in first for other in second)
    return _written(first, tuple(Literal(other.text[shared:], other.caseless) for other in second))


def _written(first: Texts, second: Texts) -> str:
    """Empty where the second is too short."""
    if any(len(text.text) < _LEAST for text in second):
        return ""
    return rf"{_any(first)}[^\n]*{_any(second)}"


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes the end of the one may have in common with the beginning of the other."""
    if other in one:
        return len(other)
    return next(length for length in range(min(len(one), len(other)), -1, -1) if one.endswith(other[:length]))


def _any(texts: Texts) -> str:
    return f"(?:{'|'.join(map(_text, texts))})" if len(texts) > 1 else _text(texts[0])


def _text(literal: Literal) -> str:
    text = "".join(chr(byte) if byte < 0x80 and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in literal.text)
    return f"(?i:{text})" if literal.caseless else text


def _named(texts: Texts) -> str:
    return " or ".join(sorted(map(str, texts)))
