"""What somebody may have meant who wrote a key where it cannot be."""

from dataclasses import replace

from pydantic import BaseModel

from collector.config.problems import Problem, did_you_mean, quote
from collector.rules.fields import FIELDS, WORDS, is_payload
from collector.rules.kinds.threshold import ClearOptions, CountOptions
from collector.rules.limit import LimitOptions
from collector.rules.mute import MuteOptions
from collector.rules.options import AlertOptions, SampleOptions
from collector.rules.times import TimeOptions

MISSING = {
    "id": "such as id: ssh-failures",
    "kind": "kind: match alerts for every event, kind: threshold when there are so many",
    "name": "such as name: console-filter",
    "on": 'such as on: {text: "Failed password"}',
    "within": "such as within: 10m",
    "count": "such as count: 5",
    "lines": 'such as lines: ["<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob"]',
    "alerts": "such as alerts: [{title: …}], or [] for none",
    "from": "the id of the rule that begins the silence",
    "until": "the id of the rule that ends it",
}
"""Examples of keys that a rule must have."""

_BLOCKS: dict[str, type[BaseModel]] = {
    "alert": AlertOptions, "limit": LimitOptions, "count": CountOptions, "time": TimeOptions, "mute": MuteOptions,
    "tests": SampleOptions, "clear": ClearOptions,
}  # fmt: skip
_ELSEWHERE = {"timespan": "within", "timeframe": "within", "window_size": "within", "threshold": "count"}
_ELSEWHERE |= {"actions": "do", "action": "do", "destinations": "do", "name": "id", "condition": "on", "where": "on"}
_ELSEWHERE |= {"match": "on", "group_by": "by", "group-by": "by", "key": "by", "continue": "then", "level": "severity"}


def with_example(problem: Problem) -> Problem:
    """A problem with an example, where it is that a key is missing."""
    missing = next((key for key in MISSING if problem.message == f"missing key {quote(key)}"), None)
    return replace(problem, hint=MISSING[missing]) if missing else problem


def hint_for(key: str, known: list[str]) -> str:
    """The cure for a key that a rule does not have; ``known`` are those it may have."""
    field = key.partition("|")[0]
    asked = field in FIELDS or field in WORDS or is_payload(field)
    if asked and field not in AlertOptions.model_fields:
        return f"conditions stand in on: {{{key}: …}}"
    for block, model in _BLOCKS.items():
        if key in {field.alias or name for name, field in model.model_fields.items()}:
            return f"it belongs into {block}: {{{key}: …}}"
    if _ELSEWHERE.get(key) in known:
        return f'did you mean "{_ELSEWHERE[key]}"?'
    return did_you_mean(key, known) or f"known keys: {', '.join(known)}"
