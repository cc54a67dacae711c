"""
Which needles to look for: for each rule the cheapest ones that every line it may fit must hold.

A literal costs next to nothing to look for, but each place where it is found costs a call, and each line that holds
it without being wanted costs whoever looks closer. So what counts is how often it will be found: how rare it looks
(``rarity``), and how many of the rules hold it, which tells what is common in the logs they were written for.

    "Unsupported ciphersuite"          the literal
    "exceeded", which many rules hold  the pair "exceeded" and "disk quota ", or another that fewer do
    "error" and "disk"                 the core of the expression, where that says much more

Expressions cost a hundred (pairs) to a thousand times (cores) as much to compile as a literal, and make the scan itself
slower, so only so many rules get one, those that need it most. What was measured:
``docs/decisions/0017-literals-before-cores.md``.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from collector.rules.needles import AllOf, AnyOf, Core, Form, Formula, Literal, Mark, Needle, Pair, Token, needles_in
from collector.rules.pairs import Texts, pair_of, rate_of, texts_of
from collector.rules.rarity import bits_of, rate

_SHARED = 1e-4
"""What each further rule that holds a needle adds to how often it is taken to be found."""

_BEST = 3
"""Of so many literals, two make a pair."""

_MEMBER = 0.02
"""A literal that is taken to be found more often is in no pair: wherever it stands, the scanner looks for the other."""

_OF_A_PRI = 0.05
"""The share of the lines that have a certain PRI."""

_EVERYWHERE = 8.0
"""What is taken to be found more often in a line is no help."""

_ALONE = 1 / 8
"""The share of the places of a short text at which it is no part of a longer one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """
    ``needles``: a line without any of them is of no interest. ``rate`` is how many a line is taken to hold by their
    looks, ``shared`` how many rules hold the one that most do.
    """

    rate: float
    shared: int
    needles: frozenset[Needle]

    @property
    def cost(self) -> float:
        """How many a line is taken to hold."""
        return self.rate + _SHARED * self.shared

    @property
    def order(self) -> tuple[float, int, int]:
        """By cost; of the same, fewer and longer needles first."""
        return self.cost, len(self.needles), -sum(len(n.text) for n in self.needles if isinstance(n, Literal | Token))


@dataclass(frozen=True, slots=True)
class _Exchange:
    """
    Expressions of a ``kind`` for rules that are taken to be found oftener than ``from_``, if they make it so many times
    (``gain``) seldomer; ``most`` of them.
    """

    kind: type[Pair | Core]
    from_: float
    gain: float
    most: int


_PAIRS = _Exchange(Pair, 0.0006, 4, 2000)
_CORES = _Exchange(Core, 0.01, 10, 100)


def choose(formulas: Sequence[Formula], with_core: Callable[[int], Formula] | None) -> list[Choice | None]:
    """
    For each rule what to look for; None where nothing helps. ``with_core`` makes the formula of a rule once more, with
    cores in it; without that literals and tokens alone are looked for.
    """
    shared = Counter(needle for formula in formulas for needle in set(needles_in(formula)))
    chosen = [_cheapest(formula, shared) for formula in formulas]
    if with_core:
        paired = {number: _with_pairs(formulas[number], shared) for number in _dear(chosen, _PAIRS.from_)}
        shared.update(pair for one in paired.values() for pair in set(needles_in(one)) if isinstance(pair, Pair))
        _exchange(chosen, paired, shared, _PAIRS)
        _exchange(chosen, {number: with_core(number) for number in _dear(chosen, _CORES.from_)}, shared, _CORES)
    return chosen


def _dear(chosen: Sequence[Choice | None], cost: float) -> list[int]:
    return [number for number, choice in enumerate(chosen) if _cost(choice) >= cost]


def _exchange(
    chosen: list[Choice | None], formulas: Mapping[int, Formula], shared: Counter[Needle], by: _Exchange
) -> None:
    """The dearest first."""
    taken: set[Needle] = set()
    for number in sorted(formulas, key=lambda number: -_cost(chosen[number])):
        better = _cheapest(formulas[number], shared, by.kind)
        if better is None or better.cost > _cost(chosen[number]) / by.gain:
            continue
        all_taken = taken.union(needle for needle in better.needles if isinstance(needle, by.kind))
        if len(all_taken) <= by.most:
            taken = all_taken
            chosen[number] = better


def _with_pairs(formula: Formula, shared: Counter[Needle]) -> Formula:
    """The same, and wherever several literals are needed, pairs of the best."""
    match formula:
        case AllOf(parts, in_order):
            return AllOf((*(_with_pairs(part, shared) for part in parts), *_pairs(parts, shared, in_order=in_order)))
        case AnyOf(parts):
            return AnyOf(tuple(_with_pairs(part, shared) for part in parts))
    return formula


def _pairs(parts: Sequence[Formula], shared: Counter[Needle], *, in_order: bool) -> Iterator[Pair]:
    placed: dict[Texts, bool] = {}
    for part in parts:
        texts = _best_texts(part, shared)
        if texts:
            placed[texts] = placed.get(texts, in_order) and not isinstance(part, AllOf)
    costs = {texts: _cost_of(texts, shared) for texts in placed}
    best = sorted((texts for texts in placed if costs[texts] < _MEMBER), key=costs.__getitem__)[:_BEST]
    for one, other in combinations([texts for texts in placed if texts in best], 2):
        pair = pair_of(one, other, costs[one] * costs[other], in_order=placed[one] and placed[other])
        if pair:
            yield pair


def _best_texts(formula: Formula, shared: Counter[Needle]) -> Texts:
    if not isinstance(formula, AllOf):
        return texts_of(formula)
    found = filter(None, (_best_texts(part, shared) for part in formula.parts))
    return min(found, key=lambda some: _cost_of(some, shared), default=())


def _cost_of(texts: Texts, shared: Counter[Needle]) -> float:
    return rate_of(texts) + _SHARED * max(shared[text] for text in texts)


def _cost(choice: Choice | None) -> float:
    return choice.cost if choice else _EVERYWHERE


def _cheapest(formula: Formula, shared: Counter[Needle], kind: type[Pair | Core] | None = None) -> Choice | None:
    """Of expressions, those of a ``kind``."""
    match formula:
        case AllOf(parts):
            choices = [_cheapest(part, shared, kind) for part in parts]
            return min(filter(None, choices), key=lambda choice: choice.order, default=None)
        case AnyOf(parts):
            return _together([_cheapest(part, shared, kind) for part in parts])
        case Core() | Pair() if type(formula) is not kind:
            return None
    choice = Choice(_rate(formula), shared[formula], frozenset((formula,)))
    return choice if choice.cost <= _EVERYWHERE else None


def _together(choices: list[Choice | None]) -> Choice | None:
    """All of them, if none is missing."""
    found = [choice for choice in choices if choice]
    if len(found) < len(choices):
        return None
    most = max((choice.shared for choice in found), default=0)
    needles = frozenset[Needle]().union(*(choice.needles for choice in found))
    together = Choice(sum(choice.rate for choice in found), most, needles)
    return together if together.cost <= _EVERYWHERE else None


def _rate(needle: Needle) -> float:
    match needle:
        case Literal(text):
            return rate(bits_of(text))
        case Token(text):
            return rate(bits_of(text.encode())) * _ALONE
        case Core(_, bits) | Form(_, bits):
            return rate(bits)
        case Pair(_, found):
            return found
        case Mark():
            return _OF_A_PRI
