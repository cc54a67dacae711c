r"""
Conditions on the fields of a record: ``where:`` of a route, in the words of Sigma.

    where: {hostname: "dc*", severity|lte: warning}                both
    where: {app_name: [sshd, sudo]}                                one of them
    where: {message|contains|all: [Failed, root]}                  all of them
    where: {any: [{peer|cidr: 192.0.2.0/24}, {hostname: "gw?"}], not: {app_name: cron}}

A key is a field and, after ``|``, modifiers; a value is text, a number, null (the field is absent) or a list of these.
How text is compared and what wildcards mean: ``matching``. The modifiers:

    contains startswith endswith    a part of the text, with the same wildcards
    re                              a Python regular expression found anywhere; \d \w \s are ASCII, case counts
    cidr                            an address within a network: 192.0.2.0/24, 2001:db8::/32
    gt gte lt lte                   numbers
    exists                          true or false: whether the record has the field
    all                             every value of the list, not just one
    cased                           case counts
    spaced                          the text, or the text with a blank before it: rsyslog's msg begins with one

Facilities and severities are written by name, a severity also as its number: 0 is emerg, 7 debug, so "warning and
worse" is ``severity|lte: warning``. ``peer`` is compared both with and without its port.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.errors import CollectorError, every
from collector.priority import FACILITIES, FACILITY_NUMBERS, SEVERITIES, SEVERITY_NUMBERS
from collector.protocol.hosts import address_of
from collector.routing.matching import MODIFIERS, ORDERS, Match, Operand, literal

Path = tuple[str | int, ...]
Test = Callable[[Mapping[str, str | None]], bool]

FIELDS = (
    "facility", "severity", "hostname", "app_name", "program", "tag", "proc_id", "msg_id", "sd", "message", "peer",
    "address", "charset", "line", "raw",
)  # fmt: skip

_NAMES = {"facility": FACILITIES, "severity": SEVERITIES}
_NUMBERS = {"facility": FACILITY_NUMBERS, "severity": SEVERITY_NUMBERS}
_WORDS = (*filter(None, MODIFIERS), "all", "cased", "exists", "spaced")
_DEPTH = 32


class WhereError(CollectorError):
    """A condition that cannot be read; ``path`` leads to it through the mapping: ``("any", 1, "hostnam")``."""

    def __init__(self, message: str, path: Path, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path


@dataclass(frozen=True, slots=True)
class Where:
    """
    ``test(values)`` tells whether a record fits; it looks at the fields in ``needs`` and never raises.

    ``spec`` is the condition as written. It is all that is pickled: who loads it compiles it again.
    """

    test: Test
    needs: frozenset[str]
    spec: Mapping[str, Any]

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], "Where"], tuple[Mapping[str, Any]]]:
        return compile_where, (self.spec,)


@dataclass(frozen=True, slots=True)
class _Key:
    """``message|contains|all``, taken apart; ``comparison`` is empty for plain equality."""

    field: str
    comparison: str
    flags: frozenset[str]
    path: Path


def compile_where(spec: Mapping[str, Any]) -> Where:
    """Read a condition as YAML gives it. Raises WhereError; all that is wrong with it is in that one's ``others``."""
    needs: set[str] = set()
    return Where(_mapping(spec, (), needs), frozenset(needs), spec)


def _mapping(spec: Any, path: Path, needs: set[str]) -> Test:
    if not isinstance(spec, Mapping) or not spec:
        raise WhereError("a condition is a mapping of fields to values", path, hint='like {hostname: "dc*"}')
    if len(path) > _DEPTH:
        raise WhereError("conditions are nested too deeply", path)
    return _every(every(lambda entry: _entry(*entry, (*path, entry[0]), needs), spec.items()))


def _entry(key: Any, value: Any, path: Path, needs: set[str]) -> Test:
    if key == "not":
        inner = _mapping(value, path, needs)
        return lambda values: not inner(values)
    if key in {"any", "all"}:
        if not isinstance(value, list) or not value:
            raise WhereError(f'"{key}" takes a list of conditions', path, hint=f'like {key}: [{{hostname: "dc*"}}, …]')
        tests = every(lambda item: _mapping(item[1], (*path, item[0]), needs), enumerate(value))
        return _every(tests) if key == "all" else _one(tests)
    parts = _key(str(key), path)
    needs.add(parts.field)
    return _presence(parts, value) if "exists" in parts.flags else _comparison(parts, value)


def _key(key: str, path: Path) -> _Key:
    field, *modifiers = key.split("|")
    checks = [("field", field, FIELDS, ("any", "all", "not")), *(("modifier", word, _WORDS, ()) for word in modifiers)]
    every(lambda check: _known(*check, path), checks)
    comparisons = [modifier for modifier in modifiers if modifier in MODIFIERS]
    flags = frozenset(modifiers).difference(comparisons)
    if len(comparisons) > 1 or len(set(modifiers)) < len(modifiers) or ("exists" in flags and len(modifiers) > 1):
        raise WhereError(
            f"{quote('|'.join(modifiers))} cannot go together", path, hint="take one, beside all, cased and spaced"
        )
    return _Key(field, "".join(comparisons), flags, path)


def _known(what: str, word: str, known: tuple[str, ...], near: tuple[str, ...], path: Path) -> None:
    if word not in known:
        hint = did_you_mean(word, (*known, *near)) or f"known here: {', '.join(known)}"
        raise WhereError(f"unknown {what} {quote(word)}", path, hint=hint)


def _presence(key: _Key, value: Any) -> Test:
    if not isinstance(value, bool):
        raise WhereError("exists is true or false", key.path)
    return lambda values: (values.get(key.field) is not None) is value


def _comparison(key: _Key, value: Any) -> Test:
    items = value if isinstance(value, list) else [value]
    if not items:
        raise WhereError("the list of values is empty", key.path, hint="name at least one, or remove the condition")
    null = None in items
    if null and (key.comparison or key.flags):
        raise WhereError("null takes no modifier", key.path, hint=f"write {key.field}|exists: false")
    paths = [(*key.path, place) if isinstance(value, list) else key.path for place in range(len(items))]
    match = _joined(key, [pair for pair in zip(items, paths, strict=True) if pair[0] is not None])

    def test(values: Mapping[str, str | None]) -> bool:
        found = values.get(key.field)
        return null if found is None else match(found)

    return test


def _joined(key: _Key, items: Sequence[tuple[Any, Path]]) -> Match:
    """One test of a text from all values of a condition; plain texts go into one set, however many they are."""
    each, cased = "all" in key.flags, "cased" in key.flags

    def read(item: tuple[Any, Path]) -> str | Match:
        operand = _operand(*item, cased=cased)
        text = literal(operand)
        if text is None or key.comparison or each or key.field in _NAMES:
            return _match(key, operand, item[1])
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


def _operand(item: Any, path: Path, *, cased: bool) -> Operand:
    if isinstance(item, bool):
        raise WhereError("a value is text or a number", path, hint=f'quote it: "{str(item).lower()}"')
    if not isinstance(item, str | int | float):
        raise WhereError("a value is text, a number or a list of these", path)
    return Operand(item, cased)


def _match(key: _Key, operand: Operand, path: Path) -> Match:
    try:
        return _name_match(key, operand) if key.field in _NAMES else MODIFIERS[key.comparison](operand)
    except WhereError:
        raise
    except CollectorError as error:
        raise WhereError(str(error), path, hint=error.hint) from error


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


def _any_of(matches: list[Match]) -> Match:
    return matches[0] if len(matches) == 1 else lambda value: any(match(value) for match in matches)


def _all_of(matches: list[Match]) -> Match:
    return matches[0] if len(matches) == 1 else lambda value: all(match(value) for match in matches)


def _one(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)


def _every(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)
