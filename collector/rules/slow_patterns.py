"""
What patterns cost at worst: each is tried on texts that are made to be hard for it, while somebody looks at the clock.

    problems = slow_patterns(book, search)

A sender can choose what a message holds, so a pattern that takes half a second for some line lets anybody stop all
rules.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from collector.config.problems import Problem, quote
from collector.routing.clauses import comparisons
from collector.rules.attacks import Attack, attacks
from collector.rules.implication import read_facts
from collector.rules.rule import Rule, RuleBook

_TOO_LONG = 0.05
"""Seconds for a text, from which on a pattern is worth a word."""

_LONGEST = 8192
_FIRST = 256
_SHORT = 256
"""Characters of a message that is looked at, at most and at first; and of fields that are never long."""

_SHORT_FIELDS = frozenset(("hostname", "app_name", "program", "proc_id", "msg_id", "peer", "source"))

_TELLING = 1024
"""Before so many characters the growth of some microseconds says little."""

_LINEAR, _CUBIC = 2.0, 8.0
"""Growth when the text is twice as long."""

_TURNS = 64
"""What doubles with each turn is there long before."""

_BUDGET = 1.5
"""Seconds for all; after that only what is known without measuring is told."""

Search = Callable[["re.Pattern[str]", str], tuple[float, bool]]
"""For how many seconds of the processor a pattern looked through a text, and whether it was ended, as it took long."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``seconds`` for a text of so many characters, or more where it was ``ended``."""

    seconds: float
    length: int
    ended: bool = False

    def __str__(self) -> str:
        size = f"{self.length} characters" if self.length < 1000 else f"{self.length / 1000:.1f} KB"
        return f"{'more than ' if self.ended else ''}{self.seconds:.2g} s for {size}"


def slow_patterns(book: RuleBook, search: Search) -> Iterator[Problem]:
    measuring = _Measuring(search)
    unmeasured: list[Rule] = []
    for rule in book.rules:
        for field, pattern, ignore_case in _patterns(rule):
            found = measuring.worst(pattern, ignore_case, _SHORT if field in _SHORT_FIELDS else _LONGEST)
            if isinstance(found, Worst):
                yield _problem(rule, pattern, found)
            elif found == "unknown" and rule not in unmeasured[-1:]:
                unmeasured.append(rule)
    if unmeasured:
        message = f"whether patterns are slow was not measured for {len(unmeasured):,} rules, as it would take long"
        yield Problem(unmeasured[0].location, message, "slow-pattern", "check this file alone", "info")


def _patterns(rule: Rule) -> Iterator[tuple[str, str, bool]]:
    for leaf in comparisons(read_facts(rule.condition.spec)):
        for operand in leaf.operands if leaf.comparison == "re" else ():
            yield leaf.field, str(operand.value), "i" in operand.flags


@dataclass(frozen=True, slots=True)
class Worst:
    """Under which attack a pattern takes too long, and how long that was, where it was measured."""

    attack: Attack
    cost: Cost | None


Found = Worst | Literal["harmless", "unknown"]


class _Measuring:
    """``spent`` are the seconds so far."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._known: dict[tuple[str, bool, int], Found] = {}
        self.spent = 0.0

    def worst(self, pattern: str, ignore_case: bool, longest: int) -> Found:
        key = pattern, ignore_case, longest
        if key not in self._known:
            todo = attacks(pattern, ignore_case=ignore_case)
            compiled = re.compile(pattern, re.ASCII | (re.IGNORECASE if ignore_case else 0))
            self._known[key] = self._first(compiled, todo, longest)
        return self._known[key]

    def _first(self, pattern: "re.Pattern[str]", todo: Sequence[Attack], longest: int) -> Found:
        for attack in todo:
            if not attack.again:
                return Worst(attack, None)
            if self.spent > _BUDGET:
                return Worst(attack, None) if attack.sure else "unknown"
            cost = self._doubling(pattern, attack) if attack.why else self._growing(pattern, attack, longest)
            if cost:
                return Worst(attack, cost)
        return "harmless"

    def _doubling(self, pattern: "re.Pattern[str]", attack: Attack) -> Cost | None:
        for turns in range(4, _TURNS):
            cost = self._cost(pattern, attack.text(turns))
            if cost.ended or cost.seconds > _TOO_LONG:
                return cost
        return None

    def _growing(self, pattern: "re.Pattern[str]", attack: Attack, longest: int) -> Cost | None:
        """After each length it is guessed from the growth so far whether it is worth while to go on."""
        before, length = 0.0, min(_FIRST, longest)
        self._cost(pattern, attack.text(2))  # what is done for the first time is slow
        while length <= longest:
            turns = max(2, (length - len(attack.before)) // len(attack.again))
            cost = self._cost(pattern, attack.text(turns))
            if cost.ended or cost.seconds > _TOO_LONG:
                return cost
            growth = _CUBIC if length < _TELLING else min(_CUBIC, max(_LINEAR, cost.seconds / (before or 1e-9)))
            doublings = (longest // length).bit_length() - 1
            if cost.seconds * growth**doublings < _TOO_LONG / 2:
                return None
            before, length = cost.seconds, length * 2
        return None

    def _cost(self, pattern: "re.Pattern[str]", text: str) -> Cost:
        seconds, ended = self._search(pattern, text)
        self.spent += seconds
        return Cost(seconds, len(text), ended)


def _problem(rule: Rule, pattern: str, worst: Worst) -> Problem:
    attack, cost = worst.attack, f"; {worst.cost}" if worst.cost else ""
    part = f"{quote(pattern[attack.start : attack.end])} at character {attack.start + 1}"
    text = f", such as {quote(attack.before + attack.again * 2)} and so on" if attack.again else ""
    if attack.why:
        message = f"{rule.id}: a pattern may take for ever: {attack.why}: {part}{cost}{text}"
        hint = r"make it possessive or atomic, as \w++ or (?>…), or say more exactly what may stand there"
        return Problem(rule.location, message, "backtracking", hint, "error" if attack.again else "warning")
    why = "it is tried from each character on" if attack.anywhere else "its loops can share the same text"
    message = f"{rule.id}: a pattern is slow on some texts, as {why}: {part}{cost}{text}"
    hint = "say what may not stand there, as [^,]*, instead of .*,"
    if attack.anywhere:
        hint = "let it begin with ^, or with text that stands there once; or " + hint
    return Problem(rule.location, message, "slow-pattern", hint, "warning")
