"""
Which rows of a batch may matter to which rules: one scan over all of them, for all rules.

    requirement of a rule ── formula ──→ all that its lines hold       needles, field_literals, literals, cores
                          ── choice ───→ the cheapest of that          choice
    needles of all rules  ── scanner ──→ where they stand in a block   scan_hyperscan, or literal_index

It may name a row too many, never one too few; the condition has the last word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from typing import Literal, Protocol, cast

from collector.errors import CollectorError
from collector.rules import foldings
from collector.rules import needles as of
from collector.rules.choice import Choice, choose
from collector.rules.cores import core_of
from collector.rules.field_literals import formula_of_pattern, formula_of_value
from collector.rules.literal_index import LiteralIndex
from collector.rules.literals import literals_of
from collector.rules.needles import ANYTHING, Core, Formula, Needle, all_of, any_of
from collector.rules.regex_tree import parse
from collector.rules.requirement import All, Any, Anything, Pattern, Pri, Requirement, Text, Value

Engine = Literal["auto", "hyperscan", "python"]
Cost = Literal["literal", "core", "common", "residual"]

_COMMON = 0.25
"""What is taken to stand in more lines than this is called common."""


_ODD_LETTER = of.Form(foldings.PATTERN, 0.0, "a letter that is another when case does not count")


class Scanner(Protocol):
    def scan(self, text: bytes) -> list[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a rule is found by, for people. ``literal`` costs nothing to speak of, ``core`` a little more. ``common``: many
    lines will be looked at closer. ``residual``: every line will.
    """

    cost: Cost
    looks_for: str

    def __str__(self) -> str:
        return f"{self.cost} {self.looks_for}"

    @classmethod
    def of(cls, line: str) -> "Report":
        cost, _, looks_for = line.partition(" ")
        return cls(cast(Cost, cost), looks_for)


@dataclass(frozen=True)
class Prefilter:
    """
    ``rules_of`` has for each needle the rules that look for it. The needle behind those is a letter of ``foldings``.
    Rules in ``residual`` are not told by ``scan``: every row is theirs.
    """

    engine: str
    residual: frozenset[int]
    rules_of: tuple[tuple[int, ...], ...]
    scanner: Scanner | None
    told: str
    """The reports, as lines: workers load this often and never look at them."""

    name: str
    """Of two that have the same, needles have the same numbers."""

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        return tuple(map(Report.of, self.told.splitlines()))

    def scan(self, text: bytes) -> list[tuple[int, int]]:
        """
        The candidates among lines of ``<PRI>``, traditional line and LF: (where in the line a hit ends, rule number) by
        offset, each row and rule at least once.
        """
        rules_of = self.rules_of
        return [(end, rule) for end, needle in self.needles(text) for rule in rules_of[needle]]

    def needles(self, text: bytes) -> list[tuple[int, int]]:
        """The same by needle, which ``rules_of`` leads to rules: of these many may share one."""
        if self.scanner is None:
            return []
        hits = self.scanner.scan(text)
        known = len(self.rules_of)
        odd = [end for end, needle in hits if needle >= known]
        if not odd:
            return hits
        return sorted({*(hit for hit in hits if hit[1] < known), *self._folded(text, odd)})

    def _folded(self, text: bytes, ends: list[int]) -> list[tuple[int, int]]:
        """What the rows hold in which an odd letter ends at these offsets, as they are when case does not count."""
        assert self.scanner
        found: list[tuple[int, int]] = []
        done = 0
        for end in ends:
            if end <= done:
                continue
            start, done = text.rfind(b"\n", 0, end) + 1, text.index(b"\n", end)
            as_is = text[start:done]
            row = as_is + b" " + foldings.folded(as_is) + b"\n"  # of a pair, one may stand in either
            found += [(end, needle) for _, needle in self.scanner.scan(row) if needle < len(self.rules_of)]
        return found


def compile_prefilter(requirements: Sequence[Requirement], engine: Engine = "auto") -> Prefilter:
    """
    A prefilter for rules with these requirements, which go by their place.

    Raises:
        CollectorError: Hyperscan is asked for and not installed.
    """
    name, scanner_of = _engine(engine)
    with_core = partial(_with_core, requirements) if name == "hyperscan" else None
    choices = choose([_formula(requirement) for requirement in requirements], with_core)
    rules_of: dict[Needle, list[int]] = {}
    for rule, choice in enumerate(choices):
        for needle in sorted(choice.needles, key=repr) if choice else ():
            rules_of.setdefault(needle, []).append(rule)
    wanted = [*rules_of, _ODD_LETTER] if any(map(_is_caseless, rules_of)) else list(rules_of)
    return Prefilter(
        engine=name,
        residual=frozenset(rule for rule, choice in enumerate(choices) if choice is None),
        rules_of=tuple(map(tuple, rules_of.values())),
        scanner=scanner_of(wanted) if wanted else None,
        told="".join(f"{_report(choice)}\n" for choice in choices),
        name=blake2b(repr((name, list(rules_of.items()))).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest(),
    )


def _engine(engine: Engine) -> tuple[str, Callable[[Sequence[Needle]], Scanner]]:
    if engine == "python":
        return "python", LiteralIndex
    try:
        from collector.rules.scan_hyperscan import HyperscanScanner  # noqa: PLC0415  (it need not be installed)
    except ImportError as error:
        if engine == "auto":
            return "python", LiteralIndex
        raise CollectorError("Hyperscan is not installed", hint="pip install hyperscan") from error
    return "hyperscan", HyperscanScanner.of


def _with_core(requirements: Sequence[Requirement], rule: int) -> Formula:
    return _formula(requirements[rule], cores=True)


def _formula(requirement: Requirement, *, cores: bool = False) -> Formula:  # noqa: PLR0911  (one return for each shape)
    match requirement:
        case Anything():
            return ANYTHING
        case Text():
            return _of_text(requirement, cores=cores)
        case Value():
            return formula_of_value(requirement)
        case Pattern():
            return formula_of_pattern(requirement)
        case Pri(numbers):
            return any_of(of.Mark(number) for number in sorted(numbers))
        case All(parts):
            return all_of(_formula(part, cores=cores) for part in parts)
        case Any(parts):
            return any_of(_formula(part, cores=cores) for part in parts)


@lru_cache(maxsize=4096)
def _of_text(text: Text, *, cores: bool) -> Formula:
    tree = parse(text.pattern, ignore_case=text.ignore_case)
    core = core_of(tree) if cores else None
    return all_of([literals_of(tree), *([core] if core else [])])


def _is_caseless(needle: Needle) -> bool:
    return isinstance(needle, of.Token) or (isinstance(needle, of.Literal | of.Pair) and needle.caseless)


def _report(choice: Choice | None) -> Report:
    if choice is None:
        return Report("residual", "nothing: every line is looked at")
    words = sorted(map(str, choice.needles))
    looks_for = " or ".join(words[:3]) + (f" or {len(words) - 3} others" if len(words) > 3 else "")
    if choice.cost > _COMMON:
        return Report("common", looks_for)
    return Report(
        "core" if any(isinstance(needle, Core | of.Pair) for needle in choice.needles) else "literal", looks_for
    )
