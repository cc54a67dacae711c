"""
Rules of an ordered set that are never tried, as whatever fits them fits one before.

A set may have thousands of rules, and each is to be compared with all before it. So of each it is noted once what can
decide quickly that nothing follows; only pairs that pass are thought about.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.routing.clauses import Comparison, Every, comparisons
from collector.routing.matching import Operand
from collector.rules.implication import NAMED, follows, known_values, texts_in, texts_wanted
from collector.rules.rule import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class _Known:
    """What a condition tells: values of fields, patterns, and all the text that lines which fit it may be known by."""

    values: Mapping[str, frozenset[str]]
    patterns: frozenset[tuple[str, Operand]]
    text: str


_Doubt = Callable[[_Known], bool]
"""Whether a part of a condition may follow from what is known."""


def shadowed(rule_set: RuleSet, roots: Sequence[Every]) -> Iterator[tuple[Rule, Rule]]:
    """Rules, each with the one before it that takes all its events; ``roots`` are the conditions of all rules."""
    before: list[tuple[Rule, list[_Doubt]]] = []
    numbers = {rule.id: rule.number for rule in rule_set.rules}
    jumps = [(rule.number, numbers[rule.then[1]]) for rule in rule_set.rules if isinstance(rule.then, tuple)]
    for rule in rule_set.rules:
        root = roots[rule.number]
        known = _known(root)
        for other, doubts in before:
            led_over = any(jump < other.number < target <= rule.number for jump, target in jumps)
            if not led_over and all(doubt(known) for doubt in doubts) and follows(root, roots[other.number]):
                yield rule, other
                break
        if rule.then == "stop" and rule.times is None:
            before.append((rule, list(_doubts(root))))


def _known(root: Every) -> _Known:
    values: dict[str, frozenset[str]] = {}
    patterns: set[tuple[str, Operand]] = set()
    texts: list[str] = []
    for leaf in comparisons(root):
        found = known_values(leaf)
        if found is not None:
            values[leaf.field] = values.get(leaf.field, frozenset()) | found
        if leaf.comparison == "re":
            patterns.update((leaf.field, operand) for operand in leaf.operands)
        texts += texts_in(leaf)
    return _Known(values, frozenset(patterns), "\n".join(texts))


def _doubts(root: Every) -> Iterator[_Doubt]:
    for part in root.parts:
        if isinstance(part, Comparison):
            yield from _doubt(part)


def _doubt(leaf: Comparison) -> Iterator[_Doubt]:
    field, found, wanted = leaf.field, known_values(leaf), texts_wanted(leaf)
    if field in NAMED:
        return
    if found is not None:
        yield lambda known: not found.isdisjoint(known.values.get(field, ()))
    elif leaf.comparison == "re":
        asked = frozenset((field, operand) for operand in leaf.operands)
        yield lambda known: field in known.values or not asked.isdisjoint(known.patterns)
    elif wanted:
        yield lambda known: any(text in known.text for text in wanted)
