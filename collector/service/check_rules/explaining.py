"""What each rule makes of an event, and why, as JSON."""

from collections.abc import Collection
from typing import Any

from collector.rules.engine import Engine
from collector.rules.event import Event
from collector.rules.explain import explanation
from collector.rules.guard import RuleTimeout
from collector.rules.prefilter import Prefilter
from collector.service.check_rules.patience import Patience


def explanations(
    engine: Engine, prefilter: Prefilter, event: Event, candidates: Collection[int], patience: Patience
) -> list[dict[str, Any]]:
    """``candidates`` are the rules that the prefilter named. Where one takes for ever, there is nothing to be told."""
    try:
        with patience.step():
            traces = engine.trace(event)
    except RuleTimeout:
        return []
    reports = prefilter.reports
    return [
        explanation(trace, rule, candidate=rule.number in candidates, looks_for=reports[rule.number].looks_for)
        for rule, trace in zip(engine.book.rules, traces, strict=True)
    ]
