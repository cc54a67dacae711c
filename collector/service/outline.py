"""
What a configuration comes to, in short: so that two of them can be compared, and a reload can say what it changed.

    differences(old, new)   → "added udp 0.0.0.0:1514; changed /var/log/windows (mode, rotate); routes: 2 added"
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.service.work_plan import WorkPlan

_LISTED = 5
_PARTS = ("sources", "routes")
"""Of the document; compared by what they mean rather than as they are written."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Sources and destinations by name with their options, routes as text in their order, and all other settings."""

    sources: Mapping[str, Mapping[str, Any]]
    destinations: Mapping[str, Mapping[str, Any]]
    routes: tuple[str, ...]
    settings: Mapping[str, Any]


def outline(document: Mapping[str, Any], plan: WorkPlan) -> Outline:
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
    )


def differences(old: Outline, new: Outline) -> str:
    """One line; empty when nothing differs."""
    parts = [
        *_compared(old.sources, new.sources),
        *_compared(old.destinations, new.destinations),
        *_routes(old.routes, new.routes),
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
