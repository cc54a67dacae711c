"""
Which needles to look for: for each rule the cheapest ones that every line it may fit must hold.

A literal costs next to nothing to look for, but each place where it is found costs a call, and each line that holds
it without being wanted costs whoever looks closer. So what counts is how often it will be found: how rare it looks
(``rarity``), and how many of the rules hold it, which tells what is common in the logs they were written for. Where the
best literals of an expression are words as common as "error", its core is looked for instead. A core costs a thousand
times as much to compile as a literal and makes the scan itself slower, so only the ``_MOST_CORES`` rules that need one
most get one. What was measured: ``docs/decisions/0017-literals-before-cores.md``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from collector.rules.needles import AllOf, AnyOf, Core, Form, Formula, Literal, Mark, Needle, Token, needles_in
from collector.rules.rarity import bits_of, rate

_SHARED = 1e-4
"""What each further rule that holds a needle adds to how often it is taken to be found."""

_COMMON = 0.01
"""A rule whose literals are taken to be found more often gets its core, if that is a tenth as common."""

_MOST_CORES = 100

_OF_A_PRI = 0.05
"""The share of the lines that have a certain PRI."""

_EVERYWHERE = 8.0
"""What is taken to be found more often in a line is no help."""

_ALONE = 1 / 8
"""The share of the places of a short text at which it is no part of a longer one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``needles``: a line without any of them is of no interest; ``cost`` is how many a line is taken to hold."""

    cost: float
    needles: frozenset[Needle]

    @property
    def order(self) -> tuple[float, int, int]:
        """By cost; of the same, fewer and longer needles first."""
        return self.cost, len(self.needles), -sum(len(n.text) for n in self.needles if isinstance(n, Literal | Token))


def choose(formulas: Sequence[Formula], *, cores: bool) -> list[Choice | None]:
    """For each rule what to look for; None where nothing helps. Without ``cores`` literals and tokens alone."""
    shared = Counter(needle for formula in formulas for needle in set(needles_in(formula)))
    chosen = [_cheapest(formula, shared, cores=False) for formula in formulas]
    if cores:
        _exchange(chosen, formulas, shared)
    return chosen


def _exchange(chosen: list[Choice | None], formulas: Sequence[Formula], shared: Counter[Needle]) -> None:
    left = _MOST_CORES
    for number in sorted(range(len(chosen)), key=lambda number: -_cost(chosen[number])):
        cost = _cost(chosen[number])
        if cost < _COMMON:
            return
        better = _cheapest(formulas[number], shared, cores=True)
        needed = sum(isinstance(needle, Core) for needle in better.needles) if better else 0
        if better and better.cost < cost / 10 and needed <= left:
            left -= needed
            chosen[number] = better


def _cost(choice: Choice | None) -> float:
    return choice.cost if choice else _EVERYWHERE


def _cheapest(formula: Formula, shared: Counter[Needle], *, cores: bool) -> Choice | None:
    match formula:
        case AllOf(parts):
            choices = [_cheapest(part, shared, cores=cores) for part in parts]
            return min(filter(None, choices), key=lambda choice: choice.order, default=None)
        case AnyOf(parts):
            return _together([_cheapest(part, shared, cores=cores) for part in parts])
        case Core() if not cores:
            return None
    cost = _rate(formula) + _SHARED * shared[formula]
    return Choice(cost, frozenset((formula,))) if cost <= _EVERYWHERE else None


def _together(choices: list[Choice | None]) -> Choice | None:
    """All of them, if none is missing."""
    found = [choice for choice in choices if choice]
    cost = sum(choice.cost for choice in found)
    if len(found) < len(choices) or cost > _EVERYWHERE:
        return None
    return Choice(cost, frozenset[Needle]().union(*(choice.needles for choice in found)))


def _rate(needle: Needle) -> float:
    match needle:
        case Literal(text):
            return rate(bits_of(text))
        case Token(text):
            return rate(bits_of(text.encode())) * _ALONE
        case Core(_, bits) | Form(_, bits):
            return rate(bits)
        case Mark():
            return _OF_A_PRI
