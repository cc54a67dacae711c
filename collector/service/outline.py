"""
What a configuration comes to, in short: so that two of them can be compared, and a reload can say what it changed.

    differences(old, new)   → "added udp 0.0.0.0:1514; changed /var/log/windows (mode, rotate); routes: 2 added"
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.rules.rule import Rule
from collector.service.work_plan import WorkPlan

_LISTED = 5
_PARTS = ("sources", "routes")
"""Of the document; compared by what they mean rather than as they are written."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Sources, destinations, rules by name with their options, routes as text in their order, all other settings."""

    sources: Mapping[str, Mapping[str, Any]]
    destinations: Mapping[str, Mapping[str, Any]]
    routes: tuple[str, ...]
    settings: Mapping[str, Any]
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def outline(document: Mapping[str, Any], plan: WorkPlan, rules: Iterable[Rule] = ()) -> Outline:
    """``document`` is the configuration as data."""
    names = [options.label for options in plan.destinations]
    return Outline(
        sources={source.name: dict(source.options) for source in plan.sources},
        destinations={options.label: dict(options) for options in plan.destinations},
        routes=tuple(
            f"{route.text} → {'stop' if route.destination is None else names[route.destination]}"
            for route in plan.routes
        ),
        settings={key: value for key, value in document.items() if key not in _PARTS},
        rules={f"rule {rule.id}": _of_rule(rule) for rule in rules},
    )


def _of_rule(rule: Rule) -> dict[str, Any]:
    """What about a rule may be another, by the words for it."""
    alert = rule.alert and (rule.alert.severity, rule.alert.title.text, rule.alert.body and rule.alert.body.text)
    place = (rule.set, rule.then)
    return {
        "what it looks for": rule.state_key,
        "alert": alert,
        "do": rule.destinations,
        "time": rule.times,
        "set": place,
    }


def differences(old: Outline, new: Outline) -> str:
    """One line; empty when nothing differs."""
    parts = [
        *_compared(old.sources, new.sources),
        *_compared(old.destinations, new.destinations),
        *_routes(old.routes, new.routes),
        *_compared(old.rules, new.rules),
    ]
    changed = sorted(_unequal(old.settings, new.settings))
    if changed:
        parts.append(f"changed {', '.join(changed)}")
    return "; ".join(parts)


def _compared(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    changed = [
        f"{name} ({', '.join(sorted(_unequal(old[name], new[name])))})"
        for name in new
        if name in old and old[name] != new[name]
    ]
    for verb, names in (
        ("added", [name for name in new if name not in old]),
        ("removed", [name for name in old if name not in new]),
        ("changed", changed),
    ):
        if names:
            yield f"{verb} {listed(names)}"


def _routes(old: tuple[str, ...], new: tuple[str, ...]) -> Iterable[str]:
    added, removed = Counter(new) - Counter(old), Counter(old) - Counter(new)
    counts = [f"{sum(some.values()):,} {verb}" for verb, some in (("added", added), ("removed", removed)) if some]
    if counts:
        yield f"routes: {', '.join(counts)}"
    elif old != new:
        yield "routes: in another order"


def _unequal(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    missing = object()
    return {key for key in {*old, *new} if old.get(key, missing) != new.get(key, missing)}


def listed(names: Sequence[str], most: int = _LISTED) -> str:
    """``a, b, c and 12 more``."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    return f"{shown} and {more:,} more" if more > 0 else shown
