r"""
POSIX regular expressions, basic and extended, as glibc's regcomp(3) reads them → the same for Python's ``re``.

    basic_to_python(r"^bird6\{0,1\}$")           → r"^bird6{0,1}$"
    extended_to_python("rack[[:digit:]]+|gw")    → r"rack[0-9]+|gw"

IEEE Std 1003.1 §9.3 and §9.4, with what glibc adds: ``\+ \? \|`` in basic ones, ``\w \W \s \S \b \B \< \>`` and
``\` \'`` in both. Only whether a text of one line matches is asked, so that POSIX takes the longest match does not
matter. Classes are those of the C locale.

Raises CollectorError for what regcomp refuses, and for collating elements (``[[.a.]]``, ``[[=a=]]``).
"""

import re
from itertools import chain, pairwise

from collector.config.problems import quote
from collector.errors import CollectorError

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r" \t\n\r\f\v",
    "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~", "cntrl": r"\x00-\x1f\x7f",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_GNU = {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "`": r"\A", "'": r"\Z", **{char: f"\\{char}" for char in "wWsSbB"}}
_MOST = 32767
"""RE_DUP_MAX of glibc: the largest bound of a repetition."""

_BOUNDS = r"(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*)"
_REST = (
    r"\\(?P<escaped>.)|\[(?P<not>\^?)(?P<bracket>\]?(?:\[:\w*:\]|\[\..*?\.\]|\[=.*?=\]|[^\]])*+)\]"
    r"|(?P<anchor>[\^$])|(?P<char>.)"
)
_BASIC = re.compile(rf"\\\{{{_BOUNDS}\\\}}|\\(?P<operator>[()|+?])|(?P<star>\*)|{_REST}", re.DOTALL)
_EXTENDED = re.compile(rf"\{{{_BOUNDS}\}}|(?P<operator>[()|+?])|(?P<star>\*)|{_REST}", re.DOTALL)
_ITEM = re.compile(r"\[:(?P<name>\w*):\]|(?P<odd>\[[.=])|(?P<low>.)(?:-(?P<high>[^\]]))?", re.DOTALL)

_PLACES = {"$", *(f"(?:{_GNU[char]})" for char in "<>`'bB")}
"""What matches between two characters."""


def basic_to_python(pattern: str) -> str:
    """A basic regular expression (BRE), as grep(1) takes them."""
    return _Translation(pattern, extended=False).text()


def extended_to_python(pattern: str) -> str:
    """An extended one (ERE), as grep -E takes them."""
    return _Translation(pattern, extended=True).text()


class _Translation:
    """``_open`` has a list of pieces for each group that is not closed yet, outermost first; a piece is one atom."""

    def __init__(self, pattern: str, *, extended: bool) -> None:
        self._extended = extended
        self._tokens = (_EXTENDED if extended else _BASIC).finditer(pattern)
        self._open: list[list[str]] = [[]]
        self._repeated = False  # whether the last piece carries a repetition already

    def text(self) -> str:
        for token, after in pairwise(chain(self._tokens, [None])):
            assert token
            self._take(token, after)
        if len(self._open) > 1:
            raise _wrong("a group is not closed")
        return "".join(self._open[0])

    def _take(self, token: re.Match[str], after: re.Match[str] | None) -> None:
        pieces = self._open[-1]
        operator = token["operator"] or token["star"]
        if token["low"] is not None or (operator and operator in "*+?"):
            self._repeat(token, operator)
        elif operator:
            self._structure(operator)
        elif token["anchor"]:
            pieces.append(self._anchor(token["anchor"], after))
        else:
            pieces.append(self._atom(token))
        self._repeated = bool(token["low"] is not None or (operator and operator in "*+?" and pieces[-1] != r"\*"))

    def _structure(self, operator: str) -> None:
        if operator == "(":
            self._open.append([])
        elif operator == "|":
            self._open[-1].append("|")
        elif len(self._open) > 1:
            inner = "".join(self._open.pop())
            self._open[-1].append(f"({inner})")
        elif self._extended:
            self._open[-1].append(r"\)")
        else:
            raise _wrong("a group is closed that is not open")

    def _repeat(self, token: re.Match[str], operator: str | None) -> None:
        pieces = self._open[-1]
        first = not pieces or pieces[-1] in {"|", "^"}
        if first and not self._extended and operator:
            pieces.append(re.escape(operator))  # it repeats nothing, and is itself
            return
        if first or pieces[-1] in _PLACES:
            raise _wrong("a repetition of nothing")
        atom = f"(?:{pieces[-1]})" if self._repeated else pieces[-1]
        pieces[-1] = atom + (operator or _bounds(token))

    def _anchor(self, anchor: str, after: re.Match[str] | None) -> str:
        """In a basic expression only at the ends; elsewhere they are characters."""
        pieces = self._open[-1]
        if self._extended:
            return anchor
        if anchor == "^":
            return "^" if not pieces or pieces[-1] == "|" else r"\^"
        return "$" if after is None or (after["operator"] or "") in {")", "|"} else r"\$"

    def _atom(self, token: re.Match[str]) -> str:
        if token["bracket"] is not None:
            return _bracket(token["not"], token["bracket"])
        char = token["escaped"]
        if char == "{" and not self._extended:
            raise _wrong(r"no number of repetitions stands between \{ and \}")
        if char is None:
            return _plain(token["char"], extended=self._extended)
        if char in _GNU:
            return f"(?:{_GNU[char]})"
        return f"(?:\\{char})" if char in "123456789" else re.escape(char)


def _plain(char: str, *, extended: bool) -> str:
    if char == "{" and extended:
        raise _wrong(r"no number of repetitions stands between { and }; a brace itself is \{")
    if char == "\\":
        raise _wrong("it ends in a backslash")
    if char == "[":
        raise _wrong('no "]" closes a "["')
    return char if char == "." else re.escape(char)


def _bounds(token: re.Match[str]) -> str:
    low, comma, high = token["low"], token["comma"], token["high"]
    numbers = [int(number[:9]) for number in (low, high) if number]
    if not (low or comma) or numbers != sorted(numbers) or max(numbers, default=0) > _MOST:
        raise _wrong(f"{quote(token[0])} is no number of repetitions")
    return f"{{{low or 0}{comma}{high}}}"


def _bracket(negation: str, items: str) -> str:
    """A bracket expression: in it a backslash is itself, and so is ``]`` as the first character."""
    parts = [_item(item) for item in _ITEM.finditer(items)]
    return f"[{negation}{''.join(parts)}]"


def _item(item: re.Match[str]) -> str:
    if item["odd"]:
        raise _wrong("collating elements ([. .], [= =]) are not supported")
    if item["name"] is not None:
        if item["name"] not in _CLASSES:
            raise _wrong(f"there is no class [:{item['name']}:]")
        return _CLASSES[item["name"]]
    low, high = item["low"], item["high"]
    if high is None:
        return _quoted(low)
    if low > high:
        raise _wrong(f"the range {low}-{high} runs backwards")
    return f"{_quoted(low)}-{_quoted(high)}"


def _quoted(char: str) -> str:
    return f"\\{char}" if char in r"\]^-[&~|" else char


def _wrong(what: str) -> CollectorError:
    return CollectorError(f"the regular expression is wrong: {what}")
