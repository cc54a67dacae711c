r"""
Property filters of rsyslog, sysklogd and FreeBSD: ``:msg, !contains, "session opened"`` → a condition as ``where:``
takes it, or, where the property is part of the PRI, the PRIs that fit.

    filter   = ":" property "," ["!"] ["icase_"] operation ["," string]

Case counts unless ``icase_`` (sysklogd) or ``_i`` (rsyslog) says otherwise. In the string ``\`` makes the character
after it itself. A property that a message does not have is empty text.

``msg`` is the text without the blank that rsyslog keeps before it: one blank at the beginning of a string that must
stand at the beginning of the text does not count, and ``contains, " x"`` finds an x that begins the text. A regular
expression is tried on both, the text and the text with that blank.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.errors import CollectorError
from collector.priority import PRI_COUNT, facility_of, severity_of
from collector.routing.matching import MODIFIERS, Operand, escape
from collector.routing.posix_regex import basic_to_python, extended_to_python
from collector.routing.selector import Selector

FIELDS = {
    "msg": "message", "hostname": "hostname", "source": "hostname", "programname": "program", "app-name": "program",
    "syslogtag": "tag", "procid": "proc_id", "msgid": "msg_id", "rawmsg": "raw", "fromhost-ip": "address",
    "structured-data": "sd", "sd": "sd", "data": "sd", "fromhost": "address",
}  # fmt: skip
"""Properties of rsyslog and sysklogd, and what they are called here."""

OF_PRI: dict[str, Callable[[int], str]] = {
    "pri": str,
    "pri-text": lambda pri: f"{facility_of(pri)}.{severity_of(pri)}",
    "syslogfacility": lambda pri: str(pri >> 3),
    "syslogfacility-text": facility_of,
    "syslogseverity": lambda pri: str(pri & 7),
    "syslogseverity-text": severity_of,
    "syslogpriority": lambda pri: str(pri & 7),
    "syslogpriority-text": severity_of,
}
"""Properties that follow from the PRI."""

_OPERATIONS = {
    "contains": "contains", "isequal": "", "startswith": "startswith", "endswith": "endswith", "regex": "re",
    "ereregex": "re", "eregex": "re", "isempty": "",
}  # fmt: skip
_ABSENT = dict.fromkeys(("proc_id", "msg_id", "sd"), ("-",))
"""How rsyslog shows what a message does not have (RFC 5424's NILVALUE); anything else is empty text."""

_ALL = frozenset(range(PRI_COUNT))

_WORDS = re.compile(r"(\(\?i\))?[A-Za-z0-9|]*")
"""Regular expressions that a blank before the text cannot matter to."""

SYNTAX = re.compile(
    r""":\s*(?P<property>[^,\s]*)\s*,
        \s*(?P<not>!?)\s*(?P<operation>[^,\s"]*)
        (?P<value>\s*,?\s*"(?P<string>(?:\\.|[^"\\])*)")?""",
    re.VERBOSE | re.DOTALL,
)
"""A filter at the beginning of a line; what stands behind it is an action, or nothing."""


@dataclass(frozen=True, slots=True)
class PropertyTest:
    """Rows of these PRIs for which ``where`` holds; an empty mapping holds for all."""

    pris: frozenset[int]
    where: Mapping[str, Any]


class FilterError(CollectorError):
    """A filter that cannot be read; ``part`` is the group of ``SYNTAX`` that is wrong."""

    def __init__(self, message: str, part: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.part = part


def read_filter(found: re.Match[str], *, absent_fits: bool = True) -> PropertyTest:
    """
    What a filter that ``SYNTAX`` matched asks. ``absent_fits``: a property that is not there is judged as empty text,
    as by rsyslog; otherwise it fits no filter, as in the blocks of sysklogd and FreeBSD. Raises FilterError.
    """
    name, negated = found["property"].lower(), bool(found["not"])
    if name not in FIELDS and name not in OF_PRI:
        raise _unknown_property(found["property"])
    modifiers, text = _comparison(found)
    if name in OF_PRI:
        return PropertyTest(_pris(OF_PRI[name], modifiers, text, negated=negated), {})
    field = FIELDS[name]
    where = _condition(field, modifiers, text)
    if absent_fits and any(_fits(value, modifiers, text) for value in ("", *_ABSENT.get(field, ()))):
        where = {field: [None, ""]} if not (text or modifiers) else either({f"{field}|exists": False}, where)
    if negated:
        where = {"not": where}
        if not absent_fits:
            where[f"{field}|exists"] = True
    return PropertyTest(_ALL, where)


def narrowed(selector: Selector, test: PropertyTest | None, text: str) -> Selector:
    """A selector of what a filter on the PRI takes."""
    if test is None or len(test.pris) == PRI_COUNT:
        return replace(selector, text=text)
    fitting = [sum(1 << (pri & 7) for pri in test.pris if pri >> 3 == number) for number in range(len(selector.masks))]
    masks = tuple(mask & other for mask, other in zip(selector.masks, fitting, strict=True))
    return Selector(text, masks, None if selector.mark is None else False)


def either(*conditions: Mapping[str, Any]) -> Mapping[str, Any]:
    return conditions[0] if len(conditions) == 1 else {"any": list(conditions)}


def both(*conditions: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of the conditions; empty ones are none."""
    some = [condition for condition in conditions if condition]
    keys = [key for condition in some for key in condition]
    if len(set(keys)) == len(keys):
        return {key: value for condition in some for key, value in condition.items()}
    return {"all": some}


def _comparison(found: re.Match[str]) -> tuple[tuple[str, ...], str]:
    """The modifiers of a condition, and the text to compare with, escaped where wildcards would be read."""
    word = found["operation"].lower()
    folded = word.startswith("icase_") or word.endswith("_i")
    name = word.removeprefix("icase_").removesuffix("_i")
    if name not in _OPERATIONS:
        hint = did_you_mean(word, _OPERATIONS) or f"known here: {', '.join(_OPERATIONS)}"
        raise FilterError(f"unknown operation {quote(found['operation'])}", "operation", hint=hint)
    if name == "isempty":
        return (), ""
    if found["string"] is None:
        raise FilterError(f"{name} needs a text in quotes", "operation", hint=f':{found["property"]}, {name}, "text"')
    text = re.sub(r"\\(.)", r"\1", found["string"], flags=re.DOTALL)
    if name in {"regex", "ereregex", "eregex"}:
        return ("re",), _regex(text, basic=name == "regex", folded=folded)
    modifiers = (_OPERATIONS[name], "" if folded else "cased")
    return tuple(filter(None, modifiers)), escape(text)


def _regex(text: str, *, basic: bool, folded: bool) -> str:
    try:
        pattern = (basic_to_python if basic else extended_to_python)(text)
        MODIFIERS["re"](Operand(pattern))
    except CollectorError as error:
        raise FilterError(str(error), "string", hint=error.hint) from error
    return f"(?i){pattern}" if folded else pattern


def _condition(field: str, modifiers: tuple[str, ...], text: str) -> Mapping[str, Any]:
    key = "|".join((field, *modifiers))
    if field != "message":
        return {key: text}
    if "contains" in modifiers and text.startswith(" "):
        return either({key: text}, {key.replace("contains", "startswith"): text[1:]})
    if "re" in modifiers:
        return {key if _WORDS.fullmatch(text) else f"{key}|spaced": text}
    return {key: text if "endswith" in modifiers or "contains" in modifiers else text.removeprefix(" ")}


def _fits(value: str, modifiers: tuple[str, ...], text: str) -> bool:
    name = next((modifier for modifier in modifiers if modifier in MODIFIERS), "")
    return MODIFIERS[name](Operand(text, "cased" in modifiers))(value)


def _pris(text_of: Callable[[int], str], modifiers: tuple[str, ...], text: str, *, negated: bool) -> frozenset[int]:
    return frozenset(pri for pri in _ALL if _fits(text_of(pri), modifiers, text) != negated)


def _unknown_property(name: str) -> FilterError:
    hint = did_you_mean(name, (*FIELDS, *OF_PRI)) or f"known here: {', '.join((*FIELDS, *OF_PRI))}"
    if name.startswith(("$", "!", ".")):
        return FilterError(
            f"variables as {quote(name)} are not supported",
            "property",
            hint='write the route as a mapping with "select:", "where:" and "to:"',
        )
    return FilterError(f"unknown property {quote(name)}", "property", hint=hint)
