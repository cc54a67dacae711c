"""
What may be asked of the correlator over the control socket. Anything can be written to a socket: what is no question
goes no further.

    {"ask": "alerts", "most": 20}   {"ask": "alerts", "most": 200, "after": 4711, "rule": "ssh-spray"}
    {"ask": "mute", "rule": "ssh-spray", "key": {"ip": "192.0.2.7"}, "until": 1795421671.5}   {"ask": "mutes"}
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

_MOST = 1000


def what_is_wrong(question: Mapping[str, Any]) -> str | None:
    """None when it can be answered."""
    parts = _QUESTIONS.get(str(question.get("ask")), {})
    wrong = [name for name, fits in parts.items() if not fits(question.get(name))]
    return f"the question is not understood: {', '.join(wrong)}" if wrong else None


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
