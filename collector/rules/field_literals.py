r"""
What stands in the line when a field has a value.

Between the two stand parsers, encodings and relays. Fields of the record stand in the traditional line as they are, but
for control characters, which the line shows as ``#ooo``. Fields of a payload are also escaped there by JSON, XML or
structured data, each in its own way, and only the pieces between characters that some of them escape may be looked for:

    {CommandLine|contains: 'C:\Windows\Temp'}  →  "c:", "windows", "temp"

Some are not written at all, but concluded (``_CONCLUDED``).
"""

import re

from collector.rules.foldings import STEADY, spellings
from collector.rules.literals import literals_of
from collector.rules.needles import ANYTHING, AllOf, AnyOf, Form, Formula, Literal, Token, all_of, any_of
from collector.rules.regex_tree import parse
from collector.rules.requirement import Pattern, Value

_VERBATIM = frozenset(("hostname", "app_name", "program", "message", "line"))
_CONCLUDED = frozenset(("Channel", "EntryType"))
"""From a tag, a letter or a severity: what they say is written in no line."""

_QUALIFIED = Form(r";[EWISF]?[0-9]{6,10};", 16, "an event id with severity and facility")
"""The third NTsyslog writes 1073748860 for the event 7036: the id is in the lower half."""

_HIDDEN = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ESCAPED = r"\\\"&<>'\[\]/=|"
# Of a "#" before octal digits the line has "#043"; it may end a piece, but nothing follows it there.
_VERBATIM_PIECE = re.compile(rf"[^{_HIDDEN}#]+#?|#")
_VERBATIM_CASELESS_PIECE = re.compile(rf"(?:[{STEADY}]|[^{_HIDDEN}#\x80-\U0010ffff])+#?|#")
_PAYLOAD_PIECE = re.compile(rf"[{STEADY}]+|[^{_HIDDEN}#\x80-\U0010ffff{_ESCAPED}]+")
_SHORT = re.compile(r"[0-9A-Za-z]{1,3}")


def formula_of_value(value: Value) -> Formula:
    text = value.literal if value.cased else value.literal.casefold()
    if value.whole and _is_known(value.field) and _SHORT.fullmatch(text):
        found: Formula = Token(text.lower())
    else:
        found = _pieces(value.field, text, caseless=not value.cased)
    return any_of([found, _QUALIFIED]) if value.field == "EventID" else found


def formula_of_pattern(pattern: Pattern) -> Formula:
    """Of the literals of a regular expression that looks into a field, what stands in the line."""
    found = _cut(literals_of(parse(pattern.pattern, ignore_case=pattern.ignore_case)), pattern.field)
    return any_of([found, _QUALIFIED]) if pattern.field == "EventID" else found


def _is_known(field: str) -> bool:
    return field in _VERBATIM or (field[:1].isupper() and field not in _CONCLUDED)


def _cut(formula: Formula, field: str) -> Formula:
    match formula:
        case AllOf(parts):
            return all_of(_cut(part, field) for part in parts)
        case AnyOf(parts):
            return any_of(_cut(part, field) for part in parts)
        case Literal(text, caseless):
            return _pieces(field, text.decode(), caseless=caseless)
    return formula


def _pieces(field: str, text: str, *, caseless: bool) -> Formula:
    if not _is_known(field):
        return ANYTHING
    if field not in _VERBATIM:
        return all_of(map(_spelled, _PAYLOAD_PIECE.findall(text)))
    pieces = (_VERBATIM_CASELESS_PIECE if caseless else _VERBATIM_PIECE).findall(text)
    return all_of(Literal(piece.encode().lower() if caseless else piece.encode(), caseless) for piece in pieces)


def _spelled(piece: str) -> Formula:
    """A piece of a payload. Its case is not relied on: parsers may have changed it."""
    ways = (piece,) if piece.isascii() else spellings(piece)
    return any_of(Literal(way.encode().lower(), caseless=True) for way in ways)
