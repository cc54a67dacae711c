"""
What may be asked of the correlator over the control socket. Anything can be written to a socket: what is no question
goes no further.

    {"ask": "alerts", "most": 20}   {"ask": "alerts", "most": 200, "after": 4711, "rule": "ssh-spray"}
    {"ask": "mute", "rule": "ssh-spray", "key": {"ip": "192.0.2.7"}, "until": 1795421671.5}   {"ask": "mutes"}
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.rules.fields import is_known, unknown_hint
from collector.rules.rule import RuleBook

_MOST = 1000


def what_is_wrong(question: Mapping[str, Any]) -> str | None:
    """None when it can be answered."""
    parts = _QUESTIONS.get(str(question.get("ask")), {})
    wrong = [name for name, fits in parts.items() if not fits(question.get(name))]
    return f"the question is not understood: {', '.join(wrong)}" if wrong else None


def unfit(book: RuleBook, rule_id: str, key: Mapping[str, str]) -> str | None:
    """Why this cannot be muted; None when it can."""
    rule = next((rule for rule in book.rules if rule.id == rule_id), None)
    if rule is None:
        near = did_you_mean(rule_id, [rule.id for rule in book.rules])
        return f"there is no rule {quote(rule_id)} in force" + (f"; {near}" if near else "")
    for name in key:
        if not is_known(name, rule.condition.captures):
            return f"{quote(name)} is no field of rule {rule_id}; {unknown_hint(name, rule.condition.captures)}"
    return None


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_time(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def _is_key(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(text, str) for text in value.values()))


def _or_nothing(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_QUESTIONS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "alerts": {
        "most": lambda value: _is_number(value) and value <= _MOST,
        "after": _or_nothing(_is_number),
        "rule": _or_nothing(_is_text),
    },
    "mute": {"rule": _is_text, "key": _is_key, "until": _is_time},
}
