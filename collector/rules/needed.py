"""What a row needs for a condition to have a chance: the tree of a condition → a ``Requirement``."""

import re
from collections.abc import Iterable

from collector.priority import FACILITIES, PRI_COUNT, SEVERITIES, facility_of, severity_of
from collector.routing.clauses import Clause, Comparison, Every, Negation, OneOf, fitting_names
from collector.routing.matching import FLAGS, Operand, literal, pieces
from collector.rules.fields import is_payload
from collector.rules.requirement import All, Any, Anything, Pattern, Pri, Requirement, Text, Value

_IN_LINE = frozenset(("hostname", "app_name", "program", "message", "line"))
"""
Fields whose text stands in the traditional line; peer, structured data and others do not, and a process id only behind
the name of a program.
"""

_TEXTUAL = ("", "contains", "startswith", "endswith")


def requirement_of(clause: Clause, captures: frozenset[str]) -> Requirement:
    match clause:
        case Comparison():
            return Anything() if clause.absent or clause.field in captures else _of_comparison(clause)
        case Negation():
            return Anything()
        case Every():
            return every(requirement_of(part, captures) for part in clause.parts)
        case OneOf():
            return one_of(requirement_of(part, captures) for part in clause.parts)


def every(parts: Iterable[Requirement]) -> Requirement:
    """All of them; what every row has is left out."""
    wanted = [part for part in parts if not isinstance(part, Anything)]
    if not wanted:
        return Anything()
    return wanted[0] if len(wanted) == 1 else All(tuple(wanted))


def one_of(parts: Iterable[Requirement]) -> Requirement:
    """One of them, which is no requirement at all where one is none."""
    wanted = list(parts)
    if any(isinstance(part, Anything) for part in wanted):
        return Anything()
    return wanted[0] if len(wanted) == 1 else Any(tuple(wanted))


def _of_comparison(leaf: Comparison) -> Requirement:
    if leaf.field in {"facility", "severity"}:
        return _of_names(leaf)
    if (leaf.field not in _IN_LINE and not is_payload(leaf.field)) or "spaced" in leaf.key.split("|"):
        return Anything()
    if leaf.comparison == "re":
        each = [_of_pattern(leaf.field, operand) for operand in leaf.operands]
    elif leaf.comparison in _TEXTUAL:
        each = [_of_text(leaf, operand) for operand in leaf.operands]
    else:
        return Anything()
    return every(each) if leaf.each else one_of(each)


def _of_names(leaf: Comparison) -> Requirement:
    names, name_of = fitting_names(leaf), facility_of if leaf.field == "facility" else severity_of
    if len(names) == len(FACILITIES if leaf.field == "facility" else SEVERITIES):
        return Anything()
    return Pri(frozenset(pri for pri in range(PRI_COUNT) if name_of(pri) in names))


def _of_pattern(field: str, operand: Operand) -> Requirement:
    flags = "".join(letter for letter in operand.flags if FLAGS[letter] != re.IGNORECASE)
    pattern = f"(?{flags}){operand.value}" if flags else str(operand.value)
    ignore_case = "i" in operand.flags
    return Text(pattern, ignore_case) if field == "line" else Pattern(field, pattern, ignore_case)


def _of_text(leaf: Comparison, operand: Operand) -> Requirement:
    """A text without wildcards as it is; of one with wildcards, what stands between them."""
    whole = literal(operand)
    if whole is not None:
        plain = leaf.comparison == ""
        return Value(leaf.field, whole, whole=plain, cased=operand.cased) if whole else Anything()
    return every(Value(leaf.field, piece, whole=False, cased=operand.cased) for piece in pieces(operand) if piece)
