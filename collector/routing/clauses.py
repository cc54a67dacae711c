"""
Conditions as YAML gives them → a tree: what routes and rules ask of a message, in the words that ``where`` describes.

    read_clauses({"app_name": "sshd", "not": {"hostname": "dc*"}}, FIELDS)
        Every((Comparison("app_name", …), Negation(Every((Comparison("hostname", …),)))))

Which values fit is decided here; how the values are got at, and what is made of the tree, is for those who ask.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.errors import CollectorError, every
from collector.priority import FACILITIES, FACILITY_NUMBERS, SEVERITIES, SEVERITY_NUMBERS
from collector.protocol.hosts import address_of
from collector.routing.matching import (
    FLAGS,
    MODIFIERS,
    ORDERS,
    Match,
    Operand,
    RegexError,
    compile_regex,
    escape,
    finds,
    literal,
)

Path = tuple[str | int, ...]

OF_LINE = {"re": "re", "text": "contains"}
"""Keys that are no fields but search the line, and the modifier they stand for."""

_NAMES = {"facility": FACILITIES, "severity": SEVERITIES}
_NUMBERS = {"facility": FACILITY_NUMBERS, "severity": SEVERITY_NUMBERS}
_WORDS = (*filter(None, MODIFIERS), *FLAGS, "all", "cased", "exists", "spaced")
_OF_LINE_HINTS = {"re": "re takes i, m, s and all", "text": "text takes cased and all"}
_DECODED = "write the text as it stands in the message; there is no decoding"
_INSTEAD = {
    "neq": "write not: {FIELD: VALUE}; it holds for messages without the field, too",
    "eq": "leave it out: a value is compared as a whole",
    "fieldref": 'a pattern compares parts of a line: re: "from (?P<ip>[0-9.]+) to (?P=ip)"',
    "windash": 'list the forms, ["-enc", "/enc"], or write FIELD|re: "[-/]enc"',
    "expand": "nothing stands for %names% here: write the values",
    **dict.fromkeys(("base64", "base64offset", "wide", "utf16", "utf16le", "utf16be"), _DECODED),
}
"""Words of Sigma that are not known here, and what does the same."""

_COMBINING = ("any", "all", "not")
_DEPTH = 32


class ClauseError(CollectorError):
    """
    A condition that cannot be read; ``path`` leads to it through the mapping: ``("any", 1, "hostnam")``. ``id`` says of
    which sort the mistake is; ``offset`` is the character of a value that is wrong, from 0, where that is known.
    """

    id = "condition"

    def __init__(self, message: str, path: Path, *, hint: str | None = None, offset: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.offset = offset


class PatternError(ClauseError):
    """A regular expression that is wrong."""

    id = "regex"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    One field and what it must be: ``accepts`` judges its text, and ``absent`` holds for a message without it.

    ``key`` and ``value`` are as written. ``comparison`` is the modifier, empty for plain equality; ``operands`` are
    what it compares with, and ``patterns`` the same when they are regular expressions. ``each``: all of them must fit.
    """

    key: str
    value: Any
    path: Path
    field: str
    comparison: str
    accepts: Match
    absent: bool = False
    operands: tuple[Operand, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    each: bool = False


@dataclass(frozen=True, slots=True)
class Negation:
    part: "Clause"


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    parts: tuple["Clause", ...]


Clause = Comparison | Negation | Every | OneOf


def read_clauses(spec: Any, fields: Collection[str] | None) -> Every:
    """
    The tree of a condition; with ``fields``, only these may be asked for. Raises ClauseError; all that is wrong with
    it is in that one's ``others``.
    """
    return _mapping(spec, (), fields)


def comparisons(clause: Clause) -> Iterator[Comparison]:
    """The leaves of a tree."""
    match clause:
        case Comparison():
            yield clause
        case Negation():
            yield from comparisons(clause.part)
        case _:
            for part in clause.parts:
                yield from comparisons(part)


def fitting_names(comparison: Comparison) -> frozenset[str]:
    """Of the names of facilities or severities, those that fit a comparison of such a field."""
    return frozenset(filter(comparison.accepts, _NAMES[comparison.field]))


def _mapping(spec: Any, path: Path, fields: Collection[str] | None) -> Every:
    if not isinstance(spec, Mapping) or not spec:
        raise ClauseError("a condition is a mapping of fields to values", path, hint='like {hostname: "dc*"}')
    if len(path) > _DEPTH:
        raise ClauseError("conditions are nested too deeply", path)
    return Every(tuple(every(lambda entry: _entry(*entry, (*path, entry[0]), fields), spec.items())))


def _entry(key: Any, value: Any, path: Path, fields: Collection[str] | None) -> Clause:
    if key == "not":
        return Negation(_mapping(value, path, fields))
    if key in {"any", "all"}:
        if not isinstance(value, list) or not value:
            hint = f'like {key}: [{{hostname: "dc*"}}, …]'
            raise ClauseError(f'"{key}" takes a list of conditions', path, hint=hint)
        parts = tuple(every(lambda item: _mapping(item[1], (*path, item[0]), fields), enumerate(value)))
        return Every(parts) if key == "all" else OneOf(parts)
    parts_of_key = _key(str(key), path, fields)
    return (_presence if "exists" in parts_of_key.flags else _comparison)(parts_of_key, value)


@dataclass(frozen=True, slots=True)
class _Key:
    """``message|contains|all``, taken apart; ``comparison`` is empty for plain equality."""

    text: str
    field: str
    comparison: str
    flags: frozenset[str]
    path: Path
    literal: bool


def _key(key: str, path: Path, fields: Collection[str] | None) -> _Key:
    field, *modifiers = key.split("|")
    checks: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = []
    checks += [("modifier", word, _WORDS, ()) for word in modifiers]
    if fields is not None and field not in OF_LINE:
        checks.insert(0, ("field", field, tuple(fields), (*_COMBINING, *OF_LINE)))
    every(lambda check: _known(*check, path), checks)
    asked = [OF_LINE[field], *modifiers] if field in OF_LINE else modifiers
    comparison = [modifier for modifier in asked if modifier in MODIFIERS]
    flags = frozenset(asked).difference(comparison)
    regex_flags = flags.intersection(FLAGS)
    if (
        len(comparison) > 1
        or len(set(asked)) < len(asked)
        or ("exists" in flags and len(asked) > 1)
        or (regex_flags and comparison != ["re"])
        or {"i", "cased"} <= flags
    ):
        hint = f"{', '.join(FLAGS)} belong to re" if regex_flags and "re" not in comparison else None
        hint = hint or _OF_LINE_HINTS.get(field, "take one, beside all, cased and spaced")
        words = key if field in OF_LINE else "|".join(modifiers)
        raise ClauseError(f"{quote(words)} cannot go together", path, hint=hint)
    of_line = field in OF_LINE
    return _Key(key, "line" if of_line else field, "".join(comparison), flags, path, field == "text")


def _known(what: str, word: str, known: tuple[str, ...], near: tuple[str, ...], path: Path) -> None:
    if word not in known:
        field = str(path[-1]).partition("|")[0]
        instead = _INSTEAD.get(word, "").replace("FIELD", field) if what == "modifier" else ""
        hint = instead or did_you_mean(word, (*known, *near)) or f"known here: {', '.join(known)}"
        raise ClauseError(f"unknown {what} {quote(word)}", path, hint=hint)


def _presence(key: _Key, value: Any) -> Comparison:
    if not isinstance(value, bool):
        raise ClauseError("exists is true or false", key.path, hint=f"write {key.field}|exists: true")
    return Comparison(key.text, value, key.path, key.field, "exists", lambda _: value, absent=not value)


def _comparison(key: _Key, value: Any) -> Comparison:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise ClauseError("the list of values is empty", key.path, hint="name at least one, or remove the condition")
    null = None in items
    if null and key.text.partition("|")[0] in OF_LINE:
        raise ClauseError("there is nothing to search for", key.path, hint=f'like {key.text}: "Failed password"')
    if null and (key.comparison or key.flags):
        raise ClauseError("null takes no modifier", key.path, hint=f"write {key.field}|exists: false")
    paths = [(*key.path, place) if isinstance(value, list) else key.path for place in range(len(items))]
    pairs = [pair for pair in zip(items, paths, strict=True) if pair[0] is not None]
    operands = every(lambda pair: _operand(*pair, key), pairs)
    patterns: list[re.Pattern[str]] = []
    accepts = _joined(key, list(zip(operands, [path for _, path in pairs], strict=True)), patterns)
    each = "all" in key.flags
    return Comparison(
        key.text, value, key.path, key.field, key.comparison, accepts, null, tuple(operands), tuple(patterns), each
    )


def _joined(key: _Key, items: Sequence[tuple[Operand, Path]], patterns: list[re.Pattern[str]]) -> Match:
    """One test of a text from all values of a condition; plain texts go into one set, however many they are."""
    each, cased = "all" in key.flags, "cased" in key.flags

    def read(item: tuple[Operand, Path]) -> str | Match:
        text = literal(item[0])
        if text is None or key.comparison or each or key.field in _NAMES:
            return _match(key, *item, patterns)
        return text

    found = every(read, items)
    plain = frozenset(one for one in found if isinstance(one, str))
    matches = [one for one in found if not isinstance(one, str)]
    if plain:
        matches.append(_member(plain, cased=cased))
    joined = _all_of(matches) if each else _any_of(matches)
    if key.field == "peer":
        return lambda value: joined(value) or joined(address_of(value))
    if "spaced" in key.flags:
        return lambda value: joined(value) or joined(f" {value}")
    return joined


def _operand(item: Any, path: Path, key: _Key) -> Operand:
    if isinstance(item, bool):
        raise ClauseError("a value is text or a number", path, hint=f'quote it: "{str(item).lower()}"')
    if not isinstance(item, str | int | float):
        hint = "modifiers stand behind the field: message|contains: refused"
        raise ClauseError("a value is text, a number or a list of these", path, hint=hint)
    flags = "".join(letter for letter in FLAGS if letter in key.flags)
    return Operand(escape(str(item)) if key.literal else item, "cased" in key.flags, flags)


def _match(key: _Key, operand: Operand, path: Path, patterns: list[re.Pattern[str]]) -> Match:
    try:
        if key.field in _NAMES:
            return _name_match(key, operand)
        if key.comparison != "re":
            return MODIFIERS[key.comparison](operand)
        patterns.append(compile_regex(operand))
        return finds(patterns[-1])
    except RegexError as error:
        raise PatternError(str(error), path, hint=error.hint, offset=error.offset) from error
    except CollectorError as error:
        raise ClauseError(str(error), path, hint=error.hint) from error


def _name_match(key: _Key, operand: Operand) -> Match:
    """Of facilities and severities there are few: which names fit is decided here, once."""
    names = _NAMES[key.field]
    if key.comparison in ORDERS:
        if key.field == "facility":
            raise CollectorError("facilities have no order", hint="name them: facility: [mail, news]")
        compare, bound = ORDERS[key.comparison], names.index(_name(key.field, operand))
        fitting = {name for place, name in enumerate(names) if compare(place, bound)}
    elif not key.comparison and literal(operand) is not None:
        fitting = {_name(key.field, operand)}
    else:
        fitting = set(filter(MODIFIERS[key.comparison](operand), names))
    if not fitting:
        raise CollectorError(f"no {key.field} fits {quote(operand.value)}", hint=f"there are {', '.join(names)}")
    return frozenset(fitting).__contains__


def _name(field: str, operand: Operand) -> str:
    """The canonical name of a facility or severity, or of a severity's number."""
    names, numbers, word = _NAMES[field], _NUMBERS[field], str(operand.value).lower()
    if word in numbers:
        return names[numbers[word]]
    if field == "severity" and word in "01234567" and len(word) == 1:
        return names[int(word)]
    hint = did_you_mean(word, numbers) or f"there are {', '.join(names)}"
    raise CollectorError(f"unknown {field} {quote(operand.value)}", hint=hint)


def _member(texts: frozenset[str], *, cased: bool) -> Match:
    return texts.__contains__ if cased else lambda value: value.casefold() in texts


def _any_of(matches: Sequence[Match]) -> Match:
    return matches[0] if len(matches) == 1 else lambda value: any(match(value) for match in matches)


def _all_of(matches: Sequence[Match]) -> Match:
    return matches[0] if len(matches) == 1 else lambda value: all(match(value) for match in matches)
