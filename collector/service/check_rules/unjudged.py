"""Which rules a log can say nothing of, because what they ask for is not in it."""

from collections.abc import Mapping

from collector.rules.rule import RuleBook
from collector.service.check_rules.forms import Form

_PEER = frozenset(("peer", "address"))
_PRI = frozenset(("facility", "severity"))
_LOST: dict[Form, frozenset[str]] = {
    "syslog": _PEER,
    "traditional": _PEER | _PRI | {"msg_id", "sd", "raw", "charset"},
    "json": frozenset(("raw",)),
}
"""Fields that a log of a form does not have, though the message had them."""

Unjudged = Mapping[int, tuple[str, ...]]
"""Numbers of rules, and the fields that they miss."""


def unjudged(book: RuleBook, form: Form, known: frozenset[str]) -> Unjudged:
    """``known`` are fields that somebody has filled in."""
    lost = _LOST[form] - known
    found = {}
    for rule in book.rules:
        asked = {*rule.condition.fields, *rule.by, *([rule.count.distinct] if rule.count else [])}
        missing = lost.intersection(name for name in asked if name)
        if missing:
            found[rule.number] = tuple(sorted(missing))
    return found
