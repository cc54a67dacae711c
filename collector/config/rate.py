"""A rate: what a person writes ↔ so many messages in so much time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.config.values import DURATION_PATTERN, DURATION_UNITS, BadValueError, format_duration, parse_duration

_MOST = 1_000_000_000
_SHORTEST, _LONGEST = 1.0, 86_400.0
_KEYS = ("messages", "per")
_HINT = 'such as "1000/s", "100/m", or {messages: 1000, per: 1s}'
RATE_PATTERN = rf"[1-9][0-9]{{0,9}} ?/ ?([dhms]|{DURATION_PATTERN})"
_SHORT = re.compile(r"([0-9]{1,20}) ?/ ?(.+)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``messages`` in each span of ``per`` seconds: ``str(Rate(1000, 1.0))`` is ``1,000/s``."""

    messages: int
    per: float

    def __str__(self) -> str:
        return f"{self.messages:,}/{_span(self.per)}"


def parse_rate(value: Any) -> Rate:
    """``"1000/s"``, ``"100/10s"`` or ``{messages: 1000, per: 1s}``."""
    if isinstance(value, Rate):
        return value
    if isinstance(value, Mapping):
        return _from_keys(value)
    short = _SHORT.fullmatch(value) if isinstance(value, str) else None
    if short is None:
        hint = f'say in which time: "{value}/s"' if type(value) is int and value > 0 else _HINT
        raise BadValueError(f"{quote(value)} is not a rate", hint=hint)
    unit = short[2].strip()
    return Rate(_messages(int(short[1])), _seconds(f"1{unit}" if unit in DURATION_UNITS else unit))


def format_rate(rate: Rate) -> str:
    return f"{rate.messages}/{_span(rate.per)}"


def _from_keys(value: Mapping[str, Any]) -> Rate:
    for key in value:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS) or f"known keys: {', '.join(_KEYS)}"
            raise BadValueError(f"unknown key {quote(key)}", hint=hint, option=key)
    return Rate(_messages(value.get("messages"), option="messages"), _seconds(value.get("per", "1s"), option="per"))


def _messages(value: Any, option: str | None = None) -> int:
    if type(value) is int and 1 <= value <= _MOST:
        return value
    raise BadValueError(f"{quote(value)} is not a number of messages", hint=f"1 to {_MOST:,}", option=option)


def _seconds(value: Any, option: str | None = None) -> float:
    try:
        seconds = parse_duration(value)
    except BadValueError as error:
        raise BadValueError(str(error), hint=error.hint, option=option) from None
    if not _SHORTEST <= seconds <= _LONGEST:
        hint = f"{format_duration(_SHORTEST)} to {format_duration(_LONGEST)}"
        raise BadValueError(f"{quote(value)} is not the span of a rate", hint=hint, option=option)
    return seconds


def _span(per: float) -> str:
    text = format_duration(per)
    return text.removeprefix("1") if text in {"1s", "1m", "1h", "1d"} else text
