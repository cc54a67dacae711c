r"""
The comparisons of conditions: one function for each modifier, which turns an operand into a test of one text.

Text is compared as a whole and without regard to case (Unicode case folding) unless ``cased``. ``*`` stands for any
characters, ``?`` for one, ``\*`` and ``\?`` for themselves and ``\\`` for a backslash; before anything else a backslash
is itself. No wildcard pattern takes more than linear time: each piece between two ``*`` is searched once.
"""

import operator
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from collector.config.problems import quote
from collector.errors import CollectorError
from collector.protocol.hosts import address_of

Match = Callable[[str], bool]

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
"""What Sigma puts behind ``re``: case does not count, ``^`` and ``$`` at every line, ``.`` takes a line end, too."""

_REGEX_HINTS = (
    ("subpattern|parenthes", r"a parenthesis that means itself is written \( or \)"),
    ("character set|character range", r"a bracket that means itself is written \[ or \]"),
    ("repeat", r"a * + or ? that means itself is written \* \+ or \?"),
    ("redefinition of group", "give each group a name of its own"),
    ("group name", "a name is made of letters, digits and _, and begins with no digit"),
    (r"unknown extension \?[<']", "a group with a name is written (?P<name>…)"),
    ("nested set", r"[:space:] and its like are not known: write \s, \d, \w or [A-Za-z]"),
    ("bad escape", r"a backslash that means itself is written \\"),
    ("global flags", "flags such as (?i) stand at the beginning, or behind re, as re|i"),
    ("look-behind", "what a look-behind asks for must have one length"),
)

_SPECIAL = re.compile(r"\\[\\*?]|[*?]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


class RegexError(CollectorError):
    """A regular expression that cannot be used; ``offset`` is the character at which that shows, from 0, if known."""

    def __init__(self, reason: str, offset: int | None) -> None:
        place = "" if offset is None else f" at character {offset + 1}"
        super().__init__(f"the regular expression is wrong: {reason}{place}", hint=_regex_hint(reason))
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Operand:
    """What a value is compared with; ``flags`` are those of a regular expression, letters of ``FLAGS``."""

    value: str | int | float
    cased: bool = False
    flags: str = ""

    @property
    def text(self) -> str:
        return str(self.value) if self.cased else str(self.value).casefold()


def literal(operand: Operand) -> str | None:
    """The text it stands for, case folded unless cased, when there is no wildcard in it."""
    if any(found[0] in "*?" for found in _SPECIAL.finditer(operand.text)):
        return None
    return _SPECIAL.sub(lambda found: found[0][1], operand.text)


def pieces(operand: Operand) -> list[str]:
    """The texts between its wildcards, case folded unless cased."""
    found = [""]
    end = 0
    for special in _SPECIAL.finditer(operand.text):
        found[-1] += operand.text[end : special.start()]
        end = special.end()
        if special[0] in "*?":
            found.append("")
        else:
            found[-1] += special[0][1]
    found[-1] += operand.text[end:]
    return found


def escape(text: str) -> str:
    """The operand that means just this text."""
    return re.sub(r"[\\*?]", r"\\\g<0>", text)


def equals(operand: Operand) -> Match:
    return _text(operand, operator.eq)


def contains(operand: Operand) -> Match:
    return _text(operand, operator.contains, before=True, after=True)


def startswith(operand: Operand) -> Match:
    return _text(operand, str.startswith, after=True)


def endswith(operand: Operand) -> Match:
    return _text(operand, str.endswith, before=True)


def regex(operand: Operand) -> Match:
    return finds(compile_regex(operand))


def finds(pattern: re.Pattern[str]) -> Match:
    search = pattern.search
    return lambda value: search(value) is not None


def compile_regex(operand: Operand) -> re.Pattern[str]:
    """Raises RegexError."""
    flags = sum((FLAGS[letter] for letter in operand.flags), start=re.ASCII)
    try:
        return _compiled(str(operand.value), flags)
    except re.error as error:
        raise RegexError(error.msg, error.pos) from error
    except (Warning, OverflowError, RecursionError) as error:
        raise RegexError(str(error), None) from error


@lru_cache(maxsize=8192)
def _compiled(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """Remembered: who checks a rule reads it again, and ``re`` itself remembers a few hundred."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return re.compile(pattern, flags)


def cidr(operand: Operand) -> Match:
    text = str(operand.value)
    try:
        network = ip_network(text)
    except ValueError as error:
        raise CollectorError(f"{quote(text)} is no network", hint=_network_hint(text)) from error

    def match(value: str) -> bool:
        address = _address(value)
        return address is not None and address in network

    return match


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Operand], Match]:
    """The function of ``gt`` and its kin. A text that is no number is neither more nor less."""

    def modifier(operand: Operand) -> Match:
        bound = number(str(operand.value))
        if bound is None:
            raise CollectorError(f"{quote(operand.value)} is no number", hint="digits, such as 514")

        def match(value: str) -> bool:
            found = number(value)
            return found is not None and compare(found, bound)

        return match

    return modifier


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}

MODIFIERS: dict[str, Callable[[Operand], Match]] = {
    "": equals,
    "contains": contains,
    "startswith": startswith,
    "endswith": endswith,
    "re": regex,
    "cidr": cidr,
    **{name: ordered(compare) for name, compare in ORDERS.items()},
}


def _regex_hint(reason: str) -> str:
    return next(
        (hint for words, hint in _REGEX_HINTS if re.search(words, reason)), "it is in the language of Python's re"
    )


def number(text: str) -> int | float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, without its port; one that is IPv4 in IPv6 as IPv4, as dual-stack sockets show it."""
    try:
        address = ip_address(address_of(text))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network_hint(text: str) -> str:
    try:
        return f'did you mean "{ip_network(text, strict=False)}"?'
    except ValueError:
        return "write an address and the length of its prefix: 192.0.2.0/24"


def _text(operand: Operand, plain: Callable[[str, str], bool], *, before: bool = False, after: bool = False) -> Match:
    text, cased = literal(operand), operand.cased
    if text is None:
        parts = [""] * before + _pieces(operand.text) + [""] * after
        fullmatch = re.compile(_glob(parts), re.DOTALL).fullmatch
        return lambda value: fullmatch(value if cased else value.casefold()) is not None
    if cased:
        return lambda value: plain(value, text)
    return lambda value: plain(value.casefold(), text)


def _pieces(text: str) -> list[str]:
    """What stands between the ``*``, each as a regular expression."""
    pieces, end = [""], 0
    for found in _SPECIAL.finditer(text):
        pieces[-1] += re.escape(text[end : found.start()])
        end = found.end()
        if found[0] == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if found[0] == "?" else re.escape(found[0][1])
    pieces[-1] += re.escape(text[end:])
    return pieces


def _glob(pieces: Sequence[str]) -> str:
    """The first piece begins the text, the last ends it; those between are atomic, so none is searched again."""
    first, *rest = pieces
    if not rest:
        return first
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece) + ".*" + rest[-1]
