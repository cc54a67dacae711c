"""
Selectors as syslog.conf(5) writes them: ``*.info;mail,news.none`` → which of the 192 PRIs are meant.

    selector  = part *(sep part) [sep]            sep = 1*( ";" / "," )
    part      = facility *("," facility) "." severity
    severity  = ["!"] [flag] ( name / 0-7 ) / ["!"] ( "none" / "*" )
    flag      = "=" / "<" / "<=" / ">" / ">=" / "<>"

Each part changes one mask of eight severity bits per facility, read from left to right: a severity adds itself and
everything more important, ``=`` adds only itself, ``!`` removes instead of adding, ``none`` clears. Adding never
narrows: ``*.err;mail.crit`` still takes mail.err; write ``*.err;mail.none;mail.crit``.

The meaning is rsyslog's (DecodePRIFilter), also in what is odd about it:

* ``!`` on an empty mask first takes everything: ``mail.!err`` alone is mail below err. rsyslog does so since June 2026
  (its issue 1030); older ones select nothing there.
* A facility given as a number is its PRI without the severity: 16 is mail, 128 is local0.
* A comma after a severity separates like a semicolon.

``<`` and ``>`` are the flags of FreeBSD and NetBSD: more (``>``) or less important, with or without the severity
itself. As there, such a part replaces what stood before for its facilities, and ``!`` turns its meaning around.

The facility ``mark`` is that of the ``-- MARK --`` lines this program writes of itself. ``*`` does not mean it, as on
FreeBSD; ``Selector.mark`` says whether it was named, and whether it is taken.

What rsyslog takes in silence and gets wrong is refused here: a blank in the middle, a facility without a severity,
``=*``, numbers past the last severity or facility.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.errors import CollectorError, every
from collector.priority import FACILITIES, FACILITY_NUMBERS, PRI_COUNT, SEVERITIES, SEVERITY_NUMBERS

Change = Callable[[int], int]
"""What one severity does to the mask of one facility."""

_ALL = 0xFF
_PART = re.compile(r"(?P<facilities>[^.;]*)(?P<dot>\.?)(?P<severity>[^,;]*)[,;]*")
_SECURITY = re.compile(r"(?<![^,;\s])security(?=[,.])", re.IGNORECASE)
_FACILITY_NUMBER = re.compile(r"(?<![^,;\s])([0-9]{1,3})(?=[,.])")

# Facilities 12 to 15 have no common names. In selectors they are rsyslog's, which knows none for 15.
_UNNAMED = {"audit": 13, "alert": 14, "clock": 15}
_FACILITY = {name: number for name, number in FACILITY_NUMBERS.items() if name not in _UNNAMED}
_FACILITY |= {"bsd_security": 13, "console": 14}
_INTERNAL = ("invld",)
_OF_DARWIN = {"netinfo": 12, "remoteauth": 13, "install": 14, "ras": 15}
_MARK = len(FACILITIES)
_MARK_SEVERITY = SEVERITY_NUMBERS["info"]

_FLAGS = re.compile(r"(?P<not>!?)(?P<flag><>|[<>]=|=[<>]|[<=>]?)(?P<name>.*)", re.DOTALL)
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.gt, "<=": operator.ge, "=<": operator.ge, ">": operator.lt, ">=": operator.le, "=>": operator.le,
    "<>": operator.ne,
}  # fmt: skip
"""Of severity numbers: the more important, the lower."""


class SelectorError(CollectorError):
    """A selector that cannot be read; ``column`` is the offset of the wrong word in the text, from 0."""

    def __init__(self, message: str, column: int, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.column = column


@dataclass(frozen=True, slots=True)
class Selector:
    """
    ``masks`` holds one byte per facility; bit ``n`` stands for severity ``n``. ``mark`` tells whether ``mark.info`` is
    taken, None where the facility ``mark`` is not named. ``idle`` are parts that add nothing, their facilities being
    taken from a lesser severity on already.
    """

    text: str
    masks: tuple[int, ...]
    mark: bool | None = None
    idle: tuple[str, ...] = field(default=(), compare=False)

    def matches(self, pri: int) -> bool:
        return bool(self.masks[pri >> 3] >> (pri & 7) & 1)

    def pris(self) -> frozenset[int]:
        """All PRIs it takes; empty when its parts cancel each other, which is legal and hardly ever meant."""
        return frozenset(pri for pri in range(PRI_COUNT) if self.matches(pri))


def compile_selector(text: str) -> Selector:
    """Read one selector; blanks around it do not count. Raises SelectorError, with ``others`` where more is wrong."""
    bare = text.strip(" \t")
    start = text.find(bare)
    blank = re.search(r"\s", bare)
    if blank:
        raise SelectorError(
            "a blank ends a selector", start + blank.start(), hint='write its parts without blanks: "*.info;mail.none"'
        )
    if not bare:
        raise SelectorError("the selector is empty", start, hint='everything is "*.*"')
    masks = [0] * (len(FACILITIES) + 1)
    idle: list[str] = []
    named = every(lambda part: _apply(part, masks, idle), _parts(text, start, start + len(bare)))
    mark = bool(masks.pop() >> _MARK_SEVERITY & 1)
    return Selector(text, tuple(masks), mark if any(_MARK in facilities for facilities in named) else None, tuple(idle))


def selector_text(masks: Sequence[int]) -> str:
    """The shortest selector for these masks: ``*.info;mail.none``."""
    common = max(masks, key=masks.count)
    parts = [_part_text("*", common, other=0)] if common else []
    for mask in dict.fromkeys(masks):
        if mask != common:
            names = ",".join(_selector_name(number) for number, one in enumerate(masks) if one == mask)
            parts.append(_part_text(names, mask, other=common))
    return ";".join(parts) or "*.none"


def _part_text(names: str, mask: int, *, other: int) -> str:
    """What makes the mask of these facilities, which is ``other`` so far, the one that is wanted."""
    clear = f"{names}.none;" if other & ~mask else ""
    lowest = mask.bit_length() - 1
    if not mask:
        return f"{names}.none"
    if mask == _ALL:
        return f"{names}.*"
    if mask == (2 << lowest) - 1:
        return f"{clear}{names}.{SEVERITIES[lowest]}"
    return clear + ";".join(f"{names}.={name}" for bit, name in enumerate(SEVERITIES) if mask >> bit & 1)


def _selector_name(number: int) -> str:
    name = FACILITIES[number]
    return str(number << 3) if name in _UNNAMED else name


def odd_facilities(text: str) -> list[tuple[int, int]]:
    """Facility numbers that are no PRI without its severity, each with the facility that rsyslog reads it as."""
    words = (int(word) for word in _FACILITY_NUMBER.findall(text))
    return [(word, word >> 3) for word in words if word & 7]


def says_security(text: str) -> bool:
    """Whether it names the facility ``security``: auth to sysklogd and rsyslog, but 13 to FreeBSD."""
    return _SECURITY.search(text) is not None


def _parts(text: str, position: int, end: int) -> Iterator[re.Match[str]]:
    while position < end:
        part = _PART.match(text, position, end)
        assert part  # every piece of the pattern may be empty
        yield part
        position = part.end()


def _apply(part: re.Match[str], masks: list[int], idle: list[str]) -> list[int]:
    """Change the masks as one part says, or add it to ``idle``; returns its facilities."""
    if not part["facilities"]:
        raise SelectorError(
            "a facility is missing here", part.start(), hint='a selector is "facility.severity": "mail.info"'
        )
    if not part["dot"]:
        raise SelectorError(
            f"{quote(part['facilities'])} has no severity",
            part.end("facilities"),
            hint='write "facility.severity"; facilities that share a severity are separated by commas: "mail,news.err"',
        )
    reads: list[Callable[[], Any]] = [
        lambda: _facilities(part["facilities"], part.start()),
        lambda: _change(part["severity"], part.start("severity")),
    ]
    facilities, change = every(lambda read: read(), reads)
    changed = more = False
    alone = change(0)
    for facility in facilities:
        before = masks[facility]
        masks[facility] = change(before)
        changed |= masks[facility] != before
        more |= bool(before & ~alone)
    if more and not changed:
        idle.append(part[0].strip(",;"))
    numbers: list[int] = facilities
    return numbers


def _facilities(words: str, column: int) -> list[int]:
    """The facility numbers of ``mail,news`` or ``*``; an empty word after a comma is no word, as in rsyslog."""
    named: list[tuple[str, int]] = []
    for word in words.split(","):
        if word or not named:
            named.append((word, column))
        column += len(word) + 1
    numbers = every(lambda word: range(len(FACILITIES)) if word[0] == "*" else [_facility(*word)], named)
    return list(chain.from_iterable(numbers))


def _facility(word: str, column: int) -> int:
    name = _plain(word)
    if name in _FACILITY:
        return _FACILITY[name]
    if name == "mark":
        return _MARK
    if name in _INTERNAL:
        raise SelectorError(
            f'facility "{name}" is internal to a syslog daemon: no message carries it', column, hint="leave it out"
        )
    if name in _UNNAMED:
        raise SelectorError(
            f"unknown facility {quote(word)}", column, hint=f"for facility {_UNNAMED[name]} write {_UNNAMED[name] << 3}"
        )
    if name in _OF_DARWIN:
        raise SelectorError(
            f"facility {quote(word)} is one of macOS",
            column,
            hint=f"for facility {_OF_DARWIN[name]} write {_OF_DARWIN[name] << 3}",
        )
    code = _number(name)
    if code is None:
        raise SelectorError(f"unknown facility {quote(word)}", column, hint=did_you_mean(word, _FACILITY))
    if code >= PRI_COUNT:
        raise SelectorError(
            f"facility number {quote(word)} is out of range",
            column,
            hint="a facility number counts in steps of 8: 0 is kern, 16 mail, 184 local7",
        )
    return code >> 3


def _change(word: str, column: int) -> Change:
    found = _FLAGS.match(word)
    assert found  # every piece of the pattern may be empty
    negated, flag, name = bool(found["not"]), found["flag"], _plain(found["name"])
    if name in ({"none"} if flag == "=" else {"none", "*"} if not flag else ()):
        filled = _ALL if (name == "*") != negated else 0
        return lambda _mask: filled
    number = _severity(name, word, column)
    if flag in _COMPARISONS:
        compared = sum(1 << one for one in range(len(SEVERITIES)) if _COMPARISONS[flag](one, number) != negated)
        return lambda _mask: compared
    bits = 1 << number if flag else (2 << number) - 1
    if negated:
        return lambda mask: (mask or _ALL) & ~bits
    return lambda mask: mask | bits


def _severity(name: str, word: str, column: int) -> int:
    number = SEVERITY_NUMBERS.get(name, _number(name))
    if number is None:
        raise _unknown_severity(name, word, column)
    if number >= len(SEVERITIES):
        raise SelectorError(
            f"severity number {quote(name)} is out of range", column, hint="severities run from 0 (emerg) to 7 (debug)"
        )
    return number


def _unknown_severity(name: str, word: str, column: int) -> SelectorError:
    if not word:
        return SelectorError("a severity is missing after the dot", column, hint='all severities are "*"')
    if name == "*":
        return SelectorError(
            f'{quote(word)} means nothing: "{word.strip("!*")}" takes one severity',
            column,
            hint='all severities are "*"',
        )
    return SelectorError(
        f"unknown severity {quote(word)}", column, hint=did_you_mean(name, (*SEVERITY_NUMBERS, "none"))
    )


def _plain(word: str) -> str:
    """Lower case, of ASCII only: the Kelvin sign is no k."""
    return word.lower() if word.isascii() else word


def _number(word: str) -> int | None:
    if not (word.isascii() and word.isdecimal()):
        return None
    return int(word) if len(word) <= 4 else PRI_COUNT
