r"""
Why a rule did or did not fire: what ``Engine.trace`` found, as JSON and in words.

    ssh-spray    counted: 4 of 5 for ip=192.0.2.7, until 22:24:15
      yes  app_name: sshd
      yes  re: Failed password for (?P<user>\S+) from (?P<ip>\S+)   user=bob ip=192.0.2.7
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from collector.config.problems import quote
from collector.rules.rule import Rule
from collector.rules.trace import Trace

_SHOWN = 50
"""Characters of a value or pattern."""

_FEW = 12
"""Rules of which each is told, also those that are no candidates."""

Clock = Callable[[float], str]
"""Seconds since the epoch as people read them."""


def explanation(trace: Trace, rule: Rule, *, candidate: bool = True, looks_for: str = "") -> dict[str, Any]:
    """As JSON. ``looks_for`` is what the prefilter looks for in lines, and ``candidate`` whether it found it."""
    return {
        "rule": trace.rule,
        "candidate": candidate,
        "looks_for": looks_for,
        "fits": trace.fits,
        "steps": [
            {"depth": step.depth, "asked": step.asked, "found": step.found, "fits": step.fits,
             "captured": dict(step.captured)}
            for step in trace.steps
        ],
        "stopped_by": trace.stopped_by,
        "led_past": trace.led_past,
        "at_work": trace.at_work,
        "quarantined": trace.quarantined,
        "key": None if trace.key is None else dict(trace.key),
        "count": trace.outlook and trace.outlook.count,
        "number": trace.outlook and trace.outlook.number,
        "ends": trace.outlook and trace.outlook.ends,
        "said": bool(trace.outlook and trace.outlook.said),
        "silent": rule.alert is None,
        "at_end": bool(trace.outlook and trace.outlook.at_end),
        "held_by": trace.held_by,
        "until": trace.until,
        "limit": trace.limit and asdict(trace.limit),
    }  # fmt: skip


def verdict(found: Mapping[str, Any], clock: Clock) -> str:
    """The outcome in one sentence."""
    if not found["candidate"]:
        return f"no candidate: it looks for {found['looks_for']}"
    if not found["fits"]:
        return "does not fit"
    obstacles = {
        "is quarantined: it took too long three times": found["quarantined"],
        f"{found['stopped_by']} came first in its set and leads past it": found["led_past"],
        f"{found['stopped_by']} came first in its set": found["stopped_by"],
        "is not at work at that hour": not found["at_work"],
        "a field of its key is missing": found["key"] is None,
    }
    obstacle = next((words for words, there in obstacles.items() if there), None)
    return f"fits, but {obstacle}" if obstacle else _outcome(found, clock)


def _outcome(found: Mapping[str, Any], clock: Clock) -> str:
    key = _pairs(found["key"])
    whose = f" for {key}" if key else ""
    ends = f", until {clock(found['ends'])}" if found["ends"] is not None else ""
    standing = f"counted: {found['count']} of {found['number']}{whose}{ends}"
    if found["at_end"]:
        return f"{standing}, when it is judged"
    if found["count"] < found["number"]:
        return standing
    if found["said"]:
        return f"{standing.replace('counted:', 'counted: at least', 1)}; it has alerted already, and that lasts"
    if found["silent"]:
        return f"fits{whose}; it is a rule without an alert"
    if found["held_by"]:
        until = f" until {clock(found['until'])}" if found["until"] is not None else ""
        return f"held back by its {found['held_by']}{_limited(found['limit']) if found['limit'] else whose}{until}"
    number = f" ({found['count']} of {found['number']})" if found["number"] > 1 else ""
    return f"fires{whose}{number}"


def _limited(limit: Mapping[str, Any]) -> str:
    """For whom a limit holds it back, which need not be the rule's own key."""
    place = f", as number {limit['number']} of {limit['every']}" if limit["every"] else ""
    key = _pairs(limit["key"])
    return f"{f' for {key}' if key else ''}{place}"


def in_words(rules: Sequence[Mapping[str, Any]], clock: Clock) -> Iterator[str]:
    """What came of an event for each rule. Where there are many, those that are no candidates are only counted."""
    shown = [rule for rule in rules if rule["candidate"] or len(rules) <= _FEW]
    for rule in shown:
        yield f"{rule['rule']}: {verdict(rule, clock)}"
        yield from (f"    {step}" for step in steps_in_words(rule))
    others = len(rules) - len(shown)
    if others:
        yield f"{others:,} other rules: no candidate"


def steps_in_words(found: Mapping[str, Any]) -> list[str]:
    """The parts of the condition, a line each; what captures, and what does not fit, with what was there."""
    if not found["candidate"]:
        return []
    return [_step(step) for step in found["steps"] if not _is_whole(step)]


def _is_whole(step: Mapping[str, Any]) -> bool:
    """The condition itself, whose parts tell all."""
    return step["depth"] == 0 and step["asked"] == "all" and step["found"] is None


def _step(step: Mapping[str, Any]) -> str:
    text = f"{'yes' if step['fits'] else 'no '}  {'  ' * max(0, step['depth'] - 1)}{_cut(step['asked'])}"
    if step["captured"]:
        return f"{text}   {_pairs(step['captured'])}"
    if _is_joint(step["asked"]) or step["asked"].startswith(("re:", "text:")) or step["fits"]:
        return text
    return f"{text}   it is {quote(step['found'])}" if step["found"] is not None else f"{text}   it is absent"


def _is_joint(asked: str) -> bool:
    return asked in {"all", "any", "not"} or asked.startswith("alternative ")


def _pairs(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_cut(str(value))}" for name, value in values.items())


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
