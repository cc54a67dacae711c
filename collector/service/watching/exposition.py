"""The numbers of rules and destinations, for Prometheus."""

from collections.abc import Iterator, Mapping
from typing import Any

from collector.metrics import Key

_OF_RULES = ("hits", "alerts", "suppressed", "late", "keyless", "evicted", "errors", "timeouts")
_OF_DESTINATIONS = ("queued", "sent", "retried", "dead")


def samples(watcher: Mapping[str, Any] | None) -> dict[Key, float]:
    """``watcher`` is that part of the daemon's answer; None where there are no rules."""
    return dict(_samples(watcher)) if watcher and "rules" in watcher else {}


def _samples(watcher: Mapping[str, Any]) -> Iterator[tuple[Key, float]]:
    yield Key("rules", kind="gauge"), watcher["rules"]
    yield Key("rules_lag_seconds", kind="gauge"), watcher["lag_seconds"]
    yield Key("rules_silent_seconds", kind="gauge"), watcher["silent_seconds"]
    yield Key("rules_lag_bytes", kind="gauge"), watcher["lag_bytes"]
    yield Key("rules_lost_batches"), watcher["lost"]
    yield Key("alerts"), watcher["alerts"]
    for rule, counts in watcher["by_rule"].items():
        labels = (("rule", rule),)
        for name in _OF_RULES:
            yield Key(f"rule_{name}", labels), counts[name]
        yield Key("rule_quarantined", labels, kind="gauge"), counts["quarantined"]
    for label, counts in watcher["destinations"].items():
        labels = (("destination", label),)
        for name in _OF_DESTINATIONS:
            yield Key(f"destination_{name}", labels), counts[name]
        yield Key("destination_pending", labels, kind="gauge"), counts["pending"]
        for name in ("failed", "dropped"):
            for reason, number in counts[name].items():
                yield Key(f"destination_{name}", (*labels, ("reason", reason))), number
