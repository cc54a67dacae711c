r"""
The core of a regular expression: what a scanner of whole blocks can look for, over bytes.

    r'^\S+ kernel: (?P<disk>sd[a-z]): (.*) timed out$'  →  r' kernel: sd[a-z]: [^\n]* timed out', all in bytes

It finds every line the expression finds, and others. Anchors are gone, as a line in a block begins and ends elsewhere;
so is what comes before the first and after the last text: a scanner tells of every place where a match may end, and
``.*`` has one at each byte. A core never reaches over the end of a line, and needs no Unicode mode: a character beyond
ASCII is one to four bytes. Long bounded repeats are what makes such automata big; they lose their end.
"""

from math import log2

from collector.rules.needles import Core
from collector.rules.rarity import bits_of
from collector.rules.regex_tree import Ahead, Choice, Node, One, Open, Repeat, Sequence, Text

_MOST = 16
"""The largest bound of a repetition; a longer one is taken for one without end."""


_LENGTHS = (4, 3, 2)
"""What a core may begin and end with: a text of that many bytes, the longer the better."""


_LARGEST = 500
"""Positions; what is larger takes long to compile and much memory."""


def core_of(tree: Node) -> Core | None:
    """None when the expression has no text to hold on to, or is too large."""
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    for length in _LENGTHS:
        holds = [place for place, part in enumerate(parts) if _holds(part, length)]
        if holds:
            core = Sequence(parts[holds[0] : holds[-1] + 1])
            return Core(_written(core), _bits(core)) if _size(core) <= _LARGEST else None
    return None


def _holds(node: Node, length: int) -> bool:
    match node:
        case Text(text):
            return len(text.encode("utf-8", "surrogatepass")) >= length
        case Choice(parts):
            return all(_holds(part, length) for part in parts)
    return False


def _written(node: Node) -> str:  # noqa: PLR0911  (one return for each shape)
    match node:
        case Text(text, caseless):
            return "".join(_char(char, caseless=caseless) for char in text)
        case One():
            return _one(node)
        case Sequence(parts):
            return "".join(map(_written, parts))
        case Choice(parts):
            return f"(?:{'|'.join(map(_written, parts))})"
        case Repeat():
            return _repeat(node)
        case Ahead():
            return ""
        case Open():
            return r"[^\n]*"


def _size(node: Node) -> int:
    match node:
        case Text(text):
            return len(text.encode("utf-8", "surrogatepass"))
        case One(chars, beyond):
            return 4 if beyond or not all(map(str.isascii, chars)) else 1
        case Sequence(parts) | Choice(parts):
            return sum(map(_size, parts))
        case Repeat(low, high, body):
            return _size(body) * max(1, min(low, _MOST), high if high and high <= _MOST else 0)
        case _:
            return 1


def _bits(node: Node) -> float:
    """How much of a line it determines, at least."""
    match node:
        case Text(text):
            return bits_of(text.encode("utf-8", "surrogatepass"))
        case One(chars):
            return log2(96 / min(96, max(1, len(chars)))) / 2
        case Sequence(parts):
            return sum(map(_bits, parts))
        case Choice(parts):
            return min(map(_bits, parts))
        case Repeat(low, _, body):
            return min(low, _MOST) * _bits(body)
        case _:
            return 0.0


def _repeat(node: Repeat) -> str:
    low, high = min(node.low, _MOST), node.high
    if isinstance(node.body, One) and node.body.beyond:
        high = None if high is None else high * 4
        body = _class(node.body)
    else:
        body = f"(?:{_written(node.body)})"
    return f"{body}{{{low},{high}}}" if high is not None and high <= _MOST else f"{body}{{{low},}}"


def _one(node: One) -> str:
    if node.beyond:
        return _class(node) + "{1,4}"
    wide = sorted(char for char in node.chars if char > "\x7f")
    if not wide:
        return _class(node)
    ascii_only = One(node.chars.difference(wide))
    return f"(?:{'|'.join([_class(ascii_only), *map(_char, wide)])})"


def _class(node: One) -> str:
    """Of bytes. What is left of an empty class is one that nothing in a line fits."""
    codes = sorted({ord(char) for char in node.chars if char != "\n" and char < "\x80"})
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    if node.beyond:
        ranges.append([0x80, 0xFF])
    return "[" + ("".join(rf"\x{low:02x}-\x{high:02x}" for low, high in ranges) or r"\n") + "]"


def _char(char: str, *, caseless: bool = False) -> str:
    if caseless and char.isascii() and char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    if char.isascii() and char.isalnum():
        return char
    return "".join(rf"\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
