"""
What follows from what among conditions: whether one can be true at all, and whether another is then true as well.

    {app_name: sshd, not: {app_name: ssh*}}            can never be true
    {app_name: sshd, text: Failed}  →  {text: fail}    whatever fits the first fits the second

What is said here is certain; of much that is true nothing is said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import Any

from collector.priority import FACILITIES, SEVERITIES
from collector.routing.clauses import (
    Clause,
    Comparison,
    Every,
    Negation,
    OneOf,
    comparisons,
    fitting_names,
    read_clauses,
)
from collector.routing.matching import ORDERS, Operand, literal, number, pieces
from collector.rules.literals import literals_of
from collector.rules.needles import AllOf, AnyOf, Formula, Literal, needles_in
from collector.rules.regex_tree import parse

NAMED = frozenset(("facility", "severity"))
"""Fields that are one of a few names, so that every comparison says which."""

_ALL_NAMES = {"facility": frozenset(FACILITIES), "severity": frozenset(SEVERITIES)}

_IN_LINE = frozenset(("hostname", "app_name", "program", "message"))
"""Fields whose text stands in the line as it is, where it is plain."""

_TEXTUAL = frozenset(("", "contains", "startswith", "endswith"))
_AS_IT_IS = re.compile(r"[ !\"$-~]+")


def read_facts(spec: Any) -> Every:
    """
    A condition as a tree to be asked of here. What the rule itself captures has another value from one part to the
    next, so nothing follows from a comparison with it: each has a field of its own.
    """
    root = read_clauses(spec, None)
    captured = {name for leaf in comparisons(root) for pattern in leaf.patterns for name in pattern.groupindex}
    return Every(tuple(_apart(part, captured, count()) for part in root.parts))


def _apart(clause: Clause, captured: set[str], numbers: Iterator[int]) -> Clause:
    match clause:
        case Comparison():
            return replace(clause, field=f"{next(numbers)} {clause.path}") if clause.field in captured else clause
        case Negation():
            return Negation(_apart(clause.part, captured, numbers))
        case Every():
            return Every(tuple(_apart(part, captured, numbers) for part in clause.parts))
        case OneOf():
            return OneOf(tuple(_apart(part, captured, numbers) for part in clause.parts))


def conjunctions(clause: Clause) -> Iterator[tuple[Clause, ...]]:
    """
    The ways in which a condition can be true: each is a list of comparisons and negations that hold together.

    Of several ``any`` beside each other one is taken apart, and the others stay whole.
    """
    flat = tuple(_flat(clause))
    choice = next((part for part in flat if isinstance(part, OneOf)), None)
    if choice is None:
        yield flat
        return
    rest = tuple(part for part in flat if part is not choice)
    for part in choice.parts:
        yield (*rest, *_flat(part))


def _flat(clause: Clause) -> Iterator[Clause]:
    if isinstance(clause, Every):
        for part in clause.parts:
            yield from _flat(part)
    elif isinstance(clause, OneOf) and len(clause.parts) == 1:
        yield from _flat(clause.parts[0])
    else:
        yield clause


def is_possible(clause: Clause) -> bool:
    """Whether anything can fit, for all we know."""
    return any(_conflict(facts) is None for facts in conjunctions(clause))


def conflict_in(clause: Clause) -> str | None:
    """Why nothing can fit, in a few words; None when something can."""
    conflicts = [_conflict(facts) for facts in conjunctions(clause)]
    return conflicts[0] if all(conflicts) else None


def follows(first: Clause, second: Clause) -> bool:
    """Whether whatever fits the first fits the second as well, for certain."""
    return all(_entails(facts, second) for facts in conjunctions(first))


def values_of(clause: Clause, field: str) -> frozenset[str] | None:
    """All values that a field can have where the condition is true; None when these are not few and known."""
    found: set[str] = set()
    for facts in conjunctions(clause):
        sets = [known for fact in facts if _is_about(fact, field) and (known := known_values(fact)) is not None]
        if not sets and field not in NAMED:
            return None
        sets = sets or [_ALL_NAMES[field]]
        found |= frozenset.intersection(*sets)
    return frozenset(found)


def is_absent(clause: Clause, field: str) -> bool:
    """Whether a field is never there where the condition is true."""
    return all(
        any(_is_about(fact, field) and _demands_absence(fact) for fact in facts) for facts in conjunctions(clause)
    )


def _is_about(fact: Clause, field: str) -> bool:
    return isinstance(fact, Comparison) and fact.field == field


def _conflict(facts: Sequence[Clause]) -> str | None:
    leaves = [fact for fact in facts if isinstance(fact, Comparison)]
    for place, leaf in enumerate(leaves):
        for other in leaves[place + 1 :]:
            if other.field == leaf.field and _exclude(leaf, other):
                return f"{leaf.key} and {other.key} exclude each other"
    for fact in facts:
        if isinstance(fact, Negation) and _entails(leaves, fact.part):
            return "what it asks for is what it excludes with not"
        if isinstance(fact, OneOf) and not is_possible(fact):
            return "no part of an any can be true"
    return None


def _exclude(one: Comparison, other: Comparison) -> bool:
    """Whether two comparisons of a field cannot both be true."""
    if _demands_absence(one) or _demands_absence(other):
        return not (one.absent and other.absent)
    if one.absent and other.absent:
        return False
    if one.field in NAMED:
        return fitting_names(one).isdisjoint(fitting_names(other))
    known, others = known_values(one), known_values(other)
    if known is None and others is None:
        return _ranges_exclude(one, other) or _ends_exclude(one, other)
    if known is None:
        known, other = others or frozenset(), one
    return not any(_may_accept(other, value) for value in known)


def _demands_absence(fact: Clause) -> bool:
    if not isinstance(fact, Comparison) or not fact.absent:
        return False
    return fact.value is None or (fact.comparison == "exists" and fact.value is False)


@lru_cache(maxsize=8192)
def _values_of_operands(operands: tuple[Operand, ...]) -> frozenset[str] | None:
    texts = [literal(operand) for operand in operands]
    return frozenset(text.casefold() for text in texts if text is not None) if None not in texts else None


def known_values(fact: Clause) -> frozenset[str] | None:
    """The texts it is one of, without regard to case, when it names them."""
    if not isinstance(fact, Comparison) or fact.comparison or fact.each or fact.absent:
        return None
    if fact.field in NAMED:
        return fitting_names(fact)
    if fact.field == "peer":
        return None  # with and without its port
    return _values_of_operands(fact.operands)


def _may_accept(leaf: Comparison, value: str) -> bool:
    """Of a value only its letters are known, not their case."""
    return (_minds_case(leaf) and value.upper() != value.lower()) or leaf.accepts(value)


def _minds_case(leaf: Comparison) -> bool:
    if leaf.comparison == "re":
        return not all("i" in operand.flags for operand in leaf.operands)
    return any(operand.cased for operand in leaf.operands)


def _ranges_exclude(one: Comparison, other: Comparison) -> bool:
    if one.comparison not in ORDERS or other.comparison not in ORDERS or one.field in NAMED:
        return False
    low, high = (one, other) if one.comparison.startswith("g") else (other, one)
    if not low.comparison.startswith("g") or not high.comparison.startswith("l"):
        return False
    least, most = number(str(low.operands[0].value)), number(str(high.operands[0].value))
    if len(low.operands) > 1 or len(high.operands) > 1 or least is None or most is None:
        return False
    return least > most or (least == most and {low.comparison, high.comparison} != {"gte", "lte"})


def _ends_exclude(one: Comparison, other: Comparison) -> bool:
    """Two beginnings, or two ends, of which neither is part of the other."""
    if one.comparison != other.comparison or one.comparison not in {"startswith", "endswith"}:
        return False
    texts = _values_of_operands(one.operands), _values_of_operands(other.operands)
    if texts[0] is None or texts[1] is None:
        return False
    agree = str.startswith if one.comparison == "startswith" else str.endswith
    return not any(agree(first, second) or agree(second, first) for first in texts[0] for second in texts[1])


def _entails(facts: Iterable[Clause], clause: Clause) -> bool:
    facts = tuple(facts)
    match clause:
        case Comparison():
            return any(isinstance(fact, Comparison) and _implies(fact, clause) for fact in facts) or (
                any(
                    isinstance(fact, OneOf) and all(_entails(_flat(part), clause) for part in fact.parts)
                    for fact in facts
                )
            )
        case Every():
            return all(_entails(facts, part) for part in clause.parts)
        case OneOf():
            return any(_entails(facts, part) for part in clause.parts)
        case Negation():
            return any(isinstance(fact, Negation) and follows(clause.part, fact.part) for fact in facts) or any(
                isinstance(fact, Comparison)
                and isinstance(part, Comparison)
                and part.field == fact.field
                and _exclude(fact, part)
                for part in _flat(clause.part)
                for fact in facts
            )


def _implies(one: Comparison, other: Comparison) -> bool:
    """Whether the second holds wherever the first does."""
    if one.field != other.field:
        return other.field == "line" and one.field in _IN_LINE and _is_found(one, other, in_line=True)
    if one.absent and not other.absent:
        return False
    if one.key == other.key and one.value == other.value:
        return True
    if other.field in NAMED:
        return one.comparison != "exists" and fitting_names(one) <= fitting_names(other)
    return other.value is True if other.comparison == "exists" else _accepts_all(one, other)


def _accepts_all(one: Comparison, other: Comparison) -> bool:
    """Whether the second accepts whatever the first does."""
    known = known_values(one)
    if known is not None:
        return all(_surely_accepts(other, value) for value in known)
    if one.comparison == other.comparison == "re":
        return _same_patterns(one, other)
    return _is_found(one, other, in_line=False)


def _surely_accepts(leaf: Comparison, value: str) -> bool:
    return not (_minds_case(leaf) and value.upper() != value.lower()) and leaf.accepts(value)


def _same_patterns(one: Comparison, other: Comparison) -> bool:
    """A list of patterns that is part of another one."""
    first, second = set(one.operands), set(other.operands)
    return (second <= first if other.each else first <= second) if one.each == other.each else False


def texts_wanted(leaf: Comparison) -> frozenset[str] | None:
    """What it looks for anywhere, in any case, one of them; None when it is another comparison."""
    if leaf.comparison != "contains" or leaf.each or any(operand.cased for operand in leaf.operands):
        return None
    return _values_of_operands(leaf.operands)


def texts_in(leaf: Comparison) -> Iterator[str]:
    """All texts, in lower case, that what fits it may be known to hold."""
    for operand in leaf.operands:
        if leaf.comparison == "re":
            needles = needles_in(_formula(str(operand.value), "i" in operand.flags))
            yield from (one.text.decode(errors="replace").casefold() for one in needles if isinstance(one, Literal))
        else:
            yield from (piece.casefold() for piece in pieces(operand))


def _is_found(one: Comparison, other: Comparison, *, in_line: bool) -> bool:
    """Whether texts of the first always hold one of those that the second looks for anywhere."""
    wanted = texts_wanted(other)
    if wanted is None or one.comparison not in {"re", *_TEXTUAL} or one.absent:
        return False
    judged = (any(_holds(one, operand, text, in_line=in_line) for text in wanted) for operand in one.operands)
    return any(judged) if one.each else all(judged)


def _holds(leaf: Comparison, operand: Operand, text: str, *, in_line: bool) -> bool:
    if in_line and not _AS_IT_IS.fullmatch(text):
        return False
    if leaf.comparison == "re":
        return _is_sure(_formula(str(operand.value), "i" in operand.flags), text)
    return any(text in piece.casefold() for piece in pieces(operand))


@lru_cache(maxsize=8192)
def _formula(pattern: str, ignore_case: bool) -> Formula:
    return literals_of(parse(pattern, ignore_case=ignore_case))


def _is_sure(formula: Formula, text: str) -> bool:
    """Whether every line that fits the formula holds the text, in whatever case."""
    match formula:
        case AllOf(parts):
            return any(_is_sure(part, text) for part in parts)
        case AnyOf(parts):
            return all(_is_sure(part, text) for part in parts)
        case Literal(found):
            return text in found.decode(errors="replace").casefold()
        case _:
            return False
