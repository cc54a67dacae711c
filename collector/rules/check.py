"""
What is wrong with rules that can be loaded: those that can never fire, that fire always, that cost much, that ask for
what is not there. Each finding stands at its rule.

    problems = [*check_rules(book), *check_cost(book, prefilter, measure), *without_tests(book, strict=False)]
"""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from collector.config.problems import Problem, quote
from collector.protocol.parsers.payload import NAMES
from collector.routing.clauses import Comparison, Every, comparisons
from collector.rules.fields import is_payload
from collector.rules.implication import conflict_in, is_absent, read_facts, values_of
from collector.rules.line_start import can_begin_line
from collector.rules.prefilter import Prefilter
from collector.rules.rule import Rule, RuleBook, RuleSet
from collector.rules.shadowing import shadowed

_UNREPEATED = frozenset(("line", "raw"))
"""Fields that hold the time, so that hardly two events have the same."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_COSTLY = 2_000
"""Nanoseconds for a line, from which on a rule that looks at every line is worth a warning."""

_ALIKE = 0.88
"""How near a name is to one that is nearly the same: IpAdress to IpAddress, but not ServiceFileName to ServiceName."""

LOOKED_AT = frozenset(("common", "residual"))
"""Costs of rules whose condition is asked so often that it is worth to measure it."""

Level = Literal["error", "warning", "info"]


def check_rules(book: RuleBook) -> Iterator[Problem]:
    roots = [read_facts(rule.condition.spec) for rule in book.rules]
    for rule, root in zip(book.rules, roots, strict=True):
        why = _never(rule, root)
        if why:
            yield _problem(rule, f"it can never fire: {why}", "never-fires", None, "error")
        yield from _texts(rule, root)
        yield from _misspelt(rule, root)
        yield from _keys(rule)
    for rule_set in book.sets:
        if rule_set.ordered:
            yield from _shadowed(rule_set, roots)


def never_fires(rule: Rule) -> bool:
    """The one finding for which a rule is of no use at all."""
    return _never(rule, read_facts(rule.condition.spec)) is not None


def without_tests(book: RuleBook, *, strict: bool) -> Iterator[Problem]:
    for rule in book.rules:
        if not rule.tests and rule.alert:
            hint = "tests: [{lines: […], alerts: [{title: …}]}]"
            yield _problem(rule, "it has no tests", "no-tests", hint, "error" if strict else "info")


Measure = Callable[[Rule], tuple[float, float] | None]
"""What a rule's condition costs for a usual message, in ns, and the share of them that fit; None: it took too long."""


def check_cost(book: RuleBook, prefilter: Prefilter, measure: Measure) -> Iterator[Problem]:
    """Of rules for which the prefilter can do little."""
    for rule in book.rules:
        report = prefilter.reports[rule.number]
        if report.cost not in LOOKED_AT:
            continue
        measured = measure(rule)
        if measured is None:
            message = "its condition takes for ever on a message as every network has them"
            yield _problem(rule, message, "backtracking", "in production it would be quarantined", "error")
            continue
        cost, share = measured
        if share == 1 and rule.alert and not (rule.limit or rule.within):
            hint = "ask for something that only some messages hold, or add a limit"
            yield _problem(rule, "it seems to fit every message", "fits-all", hint, "warning")
        if report.cost == "residual":
            why, hint = _why_residual(rule)
            message = f"every line is looked at, {cost:,.0f} ns for each: {why}"
            yield _problem(rule, message, "residual", hint, "warning" if cost > _COSTLY else "info")


def _why_residual(rule: Rule) -> tuple[str, str]:
    texts = [str(one.value) for leaf in comparisons(read_facts(rule.condition.spec)) for one in leaf.operands]
    foreign = next((text for text in texts if not text.isascii()), None)
    if foreign is None:
        hint = "add one: text: …, app_name: …, or a literal part of the pattern"
        return "there is no text that its lines must hold", hint
    why = f"{quote(foreign)} may come in other letters, as its case does not count, so it is not looked for beforehand"
    return why, "add a text of ASCII letters that its lines hold, or ask for it as it is: text|cased: …"


def _never(rule: Rule, root: Every) -> str | None:
    """Why nothing ever comes of it; None when something may."""
    unfindable = (why for leaf in _needed(root) if (why := _unfindable(leaf)))
    return conflict_in(root) or next(unfindable, None) or _too_few_values(rule, root)


def _too_few_values(rule: Rule, root: Every) -> str | None:
    count = rule.count
    if count is None or count.distinct is None or count.comparison not in {"gte", "gt", "eq"}:
        return None
    known = values_of(root, count.distinct)
    if known is None or len(known) >= count.number + (count.comparison == "gt"):
        return None
    return f"{count.distinct} has no more than {len(known)} different values here"


def _needed(root: Every) -> Iterator[Comparison]:
    """What must be true in any case."""
    for part in root.parts:
        if isinstance(part, Comparison):
            yield part
        elif isinstance(part, Every):
            yield from _needed(part)


def _unfindable(leaf: Comparison) -> str | None:
    """Why no line can hold what is looked for in it."""
    if leaf.field != "line":
        return None
    if leaf.comparison == "re":
        found = [can_begin_line(str(one.value), ignore_case="i" in one.flags) for one in leaf.operands]
        if not (all(found) if leaf.each else any(found)):
            return "a line begins with the time and the host name, not with this"
    elif leaf.comparison == "contains":
        lacking = [_CONTROL.search(str(one.value)) is not None for one in leaf.operands]
        if any(lacking) if leaf.each else all(lacking):
            return "no line holds control characters: they stand there as #ooo, their octal number"
    return None


def _texts(rule: Rule, root: Every) -> Iterator[Problem]:
    templates = [] if rule.alert is None else [("title", rule.alert.title), ("body", rule.alert.body)]
    for key, template in templates:
        for name in sorted(template.variables) if template else ():
            if is_absent(root, name):
                message = f"its {key} names {name}, which its events do not have"
                yield _problem(rule, message, "absent-field", "on: asks for events without it", "warning")


def _misspelt(rule: Rule, root: Every) -> Iterator[Problem]:
    """Fields of payloads can be any; but one that is all but the name of a known one is hardly meant."""
    texts = [text for text in (rule.alert.title, rule.alert.body) if text] if rule.alert else []
    distinct = rule.count.distinct if rule.count else None
    asked = {leaf.field for leaf in comparisons(root)}
    named = {*rule.by, *([distinct] if distinct else []), *(name for text in texts for name in text.variables)}
    for name in sorted(one for one in asked | named if is_payload(one) and one not in NAMES):
        near = _near(name)
        if near:
            message = f"no message is known that has the field {name}"
            yield _problem(rule, message, "absent-field", f"did you mean {quote(near)}?", "info")


def _near(name: str) -> str | None:
    by_lower = {known.lower(): known for known in NAMES}
    found = difflib.get_close_matches(name.lower()[:80], by_lower, n=1, cutoff=_ALIKE)
    return by_lower[found[0]] if found else None


def _keys(rule: Rule) -> Iterator[Problem]:
    limit = rule.limit
    limited = limit.by if limit and limit.by != rule.by else ()
    for names, what in ((rule.by if rule.within or limit else (), "by"), (limited, "limit: by")):
        for name in _UNREPEATED.intersection(names):
            message = f"{what} has {quote(name)}, which differs from one message to the next"
            yield _problem(
                rule, message, "useless-key", "shape is the message without numbers and addresses", "warning"
            )
    clear, count = rule.clear, rule.count
    if clear and count and rule.within and clear.within <= rule.within and clear.at_most >= count.number:
        message = "it is clear again as soon as it alerts: so few events in so short a time are what raised it"
        yield _problem(rule, message, "useless-clear", f"at_most: {max(0, count.number - 1)} or less", "warning")


def _shadowed(rule_set: RuleSet, roots: Sequence[Every]) -> Iterator[Problem]:
    for rule, other in shadowed(rule_set, roots):
        message = f"it is never tried: whatever fits it fits {quote(other.id)} before it, which ends the set"
        yield _problem(rule, message, "shadowed", f"put it before {other.id}, or add then: next there", "warning")


def _problem(rule: Rule, message: str, id_: str, hint: str | None, level: Level) -> Problem:
    return Problem(rule.location, f"{rule.id}: {message}", id_, hint, level)
