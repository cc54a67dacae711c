"""
What is doubtful about rules and destinations together, and about rules that come into force all the same.

An alert may go nowhere on purpose, and a rule that can never fire harms nobody: so none of this is an error here.
"""

from collections.abc import Iterator

from collector.config.problems import Problem
from collector.config.settings import Settings
from collector.routing.clauses import comparisons, read_clauses
from collector.rules.backtracking import dangers
from collector.rules.check import never_fires
from collector.rules.rule import Rule, RuleBook

_LISTED = 5


def unsent(book: RuleBook, settings: Settings) -> Iterator[Problem]:
    """Rules whose alerts nobody is told of, where others are."""
    silent = [rule for rule in book.rules if rule.alert and not rule.destinations] if settings.destinations else []
    if silent:
        message = f"alerts go nowhere, without do: and a destination that is called default: {_names(silent)}"
        hint = "add do: to the rule; `collector alerts` shows the last ones all the same"
        yield Problem(silent[0].location, message, "unsent", hint, "info")


def unused(book: RuleBook, settings: Settings) -> Iterator[Problem]:
    """Destinations that have a name, which no rule calls."""
    used = {label for rule in book.rules for label in rule.destinations}
    for name in settings.destinations:
        if name not in used:
            place = settings.document.location(("destinations", name), key=True)
            why = "as each rule names others" if name == "default" else f"write do: {name} in one"
            yield Problem(place, f"no rule uses the destination {name}", "unused", why, "info")


def broken(book: RuleBook) -> Iterator[Problem]:
    """In a sentence, as ``check-rules`` tells more; tests are not run here, and nothing is measured."""
    found = [rule for rule in book.rules if never_fires(rule) or _backtracks(rule)]
    if found:
        message = f"of {len(book.rules):,} rules, some can never fire or may take for ever: {_names(found)}"
        hint = "`collector check-rules` says what is wrong with each"
        yield Problem(found[0].location, message, "rules", hint, "warning")


def _backtracks(rule: Rule) -> bool:
    return any(
        danger.sure
        for leaf in comparisons(read_clauses(rule.condition.spec, None))
        for operand in (leaf.operands if leaf.comparison == "re" else ())
        for danger in dangers(str(operand.value), ignore_case="i" in operand.flags)
    )


def _names(rules: list[Rule]) -> str:
    more = len(rules) - _LISTED
    return ", ".join(rule.id for rule in rules[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
