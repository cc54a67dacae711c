"""
What is wrong with rules, in sentences for the own log.

They are told when a counter has risen: one line for each kind of trouble, whatever the number of rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from collector.rules.counters import Counters
from collector.service.outline import listed

_SHOWN = 3


class _Trouble(NamedTuple):
    """``counter`` is the one that rises; ``text`` gets the rules, and how much it has risen."""

    counter: str
    event: str
    text: str


_TROUBLES = (
    _Trouble(
        "quarantined",
        "rules quarantined",
        "Not tried for ten minutes or longer: {rules}. Three times it took too long over messages. "
        "Cure: a pattern that says more exactly what it wants; `collector check-rules --log` shows what rules cost.",
    ),
    _Trouble(
        "timeouts",
        "rules timeout",
        "Matches ended because they took half a second, or again and again some time: {rose:,}, of {rules}.",
    ),
    _Trouble(
        "errors",
        "rules errors",
        "Conditions or texts that failed: {rose:,}, of {rules}. Where a text failed, the alert came without it. "
        "Cure: try the rule on such a message with `collector check-rules --explain`.",
    ),
    _Trouble(
        "evicted",
        "rules evicted",
        "Keys forgotten for want of room: {rose:,}, of {rules}. Their counts begin anew. "
        "Cure: raise max_keys, or count by fewer fields.",
    ),
)


def troubles(before: Mapping[str, Counters], now: Mapping[str, Counters]) -> Iterator[tuple[str, str]]:
    """(class, sentence) for what has risen, the counters by rule. Of a rule that was not there before, all is new."""
    for trouble in _TROUBLES:
        rises = {rule: _rise(before.get(rule), counts, trouble.counter) for rule, counts in now.items()}
        risen = [rule for rule, rise in rises.items() if rise > 0]
        if risen:
            yield trouble.event, trouble.text.format(rules=_named(risen), rose=sum(rises[rule] for rule in risen))


def _rise(before: Counters | None, now: Counters, counter: str) -> int:
    return int(getattr(now, counter)) - (int(getattr(before, counter)) if before else 0)


def _named(rules: Sequence[str]) -> str:
    return f"{'rule' if len(rules) == 1 else 'rules'} {listed(rules, _SHOWN)}"
