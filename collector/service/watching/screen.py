"""
What ``collector status`` says of rules and of where their alerts go.

    RULES                            hits       alerts    held back
      ssh-spray                     4,711            3            0
    SENT TO                        queued         sent      waiting         lost
      ops                               3            3            0            0
"""

from collections.abc import Mapping
from typing import Any

from collector.service.screen import RED, YELLOW, Screen

_SHOWN = 20
_BEHIND = 5.0
"""Seconds by which rules may be behind before it is worth a colour."""

_REMARKS = {
    "late": "out of order",
    "keyless": "without a key",
    "evicted": "keys forgotten for want of room",
    "errors": "errors",
    "timeouts": "ended because they took too long",
}


def show(screen: Screen, watcher: Mapping[str, Any] | None) -> None:
    """``watcher`` is that part of the daemon's answer; None where there are no rules."""
    if not watcher:
        return
    if "rules" not in watcher:
        screen.lines.append("")
        screen.say("rules: the correlator is being started", YELLOW)
        return
    behind = watcher["lag_seconds"]
    text = f"rules: {watcher['rules']:,} in force, {watcher['alerts']:,} alerts so far"
    screen.lines.append("")
    screen.say(text if behind < _BEHIND else f"{text}; {behind:,.0f} s behind", YELLOW if behind >= _BEHIND else "")
    if watcher["silent_seconds"]:
        screen.say(f"rules stand still: nothing heard of them for {watcher['silent_seconds']:,.0f} s", RED, indent="  ")
    if watcher["alerts_wait"]:
        screen.say("alerts cannot be written to their journal, and wait; the own log says why", RED, indent="  ")
    for name, remark in (("lost", "batches were lost before rules saw them"), ("unreadable", "batches cannot be read")):
        if watcher[name]:
            screen.say(f"{watcher[name]:,} {remark}", RED, indent="  ")
    _rules(screen, watcher["by_rule"])
    _destinations(screen, watcher["destinations"])


def _rules(screen: Screen, by_rule: Mapping[str, Mapping[str, Any]]) -> None:
    told = ("hits", "quarantined", *_REMARKS)
    seen = [(rule, counts) for rule, counts in by_rule.items() if any(counts[name] for name in told)]
    rows = sorted(seen, key=lambda item: (-item[1]["quarantined"], -item[1]["alerts"], -item[1]["hits"], item[0]))
    if not rows:
        return
    screen.head("RULES", "hits", "alerts", "held back")
    for rule, counts in rows[:_SHOWN]:
        numbers = (f"{counts[name]:,}" for name in ("hits", "alerts", "suppressed"))
        screen.row(rule, *numbers, style=RED if counts["quarantined"] else "")
        remarks = [f"{text} {counts[name]:,}" for name, text in _REMARKS.items() if counts[name]]
        if counts["quarantined"]:
            remarks.append("QUARANTINED: it is not tried for a while")
        if remarks:
            screen.say(", ".join(remarks), indent="    ")
    if len(rows) > _SHOWN:
        screen.say(f"and {len(rows) - _SHOWN:,} others with hits; --json has them all", indent="  ")


def _destinations(screen: Screen, destinations: Mapping[str, Mapping[str, Any]]) -> None:
    if not destinations:
        return
    screen.head("SENT TO", "queued", "sent", "waiting", "lost")
    for label, counts in destinations.items():
        dropped = sum(counts["dropped"].values())
        lost = dropped + counts["dead"]
        numbers = (counts["queued"], counts["sent"], counts["pending"], lost)
        screen.row(label, *(f"{number:,}" for number in numbers), style=RED if lost else "")
        remarks = [f"{reason} {number:,}" for reason, number in (counts["failed"] | counts["dropped"]).items()]
        remarks += [f"tried again {counts['retried']:,}"] if counts["retried"] else []
        remarks += [f"dead letters {counts['dead']:,}"] if counts["dead"] else []
        if remarks:
            screen.say(", ".join(remarks), indent="    ")
