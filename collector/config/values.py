"""
Sizes, durations and file modes: what a person writes ↔ the number the program uses.

Each ``parse_…`` takes a value as it stands in a document and raises BadValueError, which says what is wrong and how it
is written; each ``format_…`` writes a value so that it can be parsed again.
"""

import re
from typing import Any

from collector.config.problems import quote
from collector.config.scalars import OctalInt


class BadValueError(ValueError):
    """
    A value that is not what its setting needs; ``hint`` tells what would be.

    Raised by a validator of a component's options it becomes a Problem at the value, or, when the options are wrong
    only together, at the key ``option``.
    """

    def __init__(self, message: str, *, hint: str | None = None, option: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.option = option


SIZE_UNITS = {
    "TiB": 1 << 40, "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10,
    "TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3, "B": 1,
}  # fmt: skip
SIZE_PATTERN = r"[0-9]{1,20}(\.[0-9]{1,6})? ?([KkMmGgTt][Ii]?)?[Bb]"
_SIZE_FACTORS = {unit.lower(): factor for unit, factor in SIZE_UNITS.items()}
_SIZE_HINT = "a number with a unit: 64KiB, 32MiB, 100MB"

DURATION_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = r"[0-9]{1,9}(\.[0-9]{1,6})?"
DURATION_PATTERN = rf"(?=[0-9])({_NUMBER}d)?({_NUMBER}h)?({_NUMBER}m)?({_NUMBER}s)?({_NUMBER}ms)?"
_DURATION_PART = re.compile(r"([0-9.]+)(ms|[dhms])")
_DURATION_HINT = "a number with a unit: 500ms, 10s, 5m, 1h30m, 2d"

MODE_PATTERN = r"(0o?)?[0-7]{3,4}"


def parse_size(value: Any) -> int:
    """``"64KiB"`` or ``65536`` → bytes. KiB, MiB … are powers of 1024, kB, MB … of 1000."""
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(SIZE_PATTERN, value):
        number = value.rstrip("BbIiKkMmGgTt ")
        return _whole_bytes(value, number, _SIZE_FACTORS[value[len(number) :].strip().lower()])
    raise BadValueError(f"{quote(value)} is not a size", hint=_size_hint(value))


def _whole_bytes(text: str, number: str, factor: int) -> int:
    whole, _, fraction = number.partition(".")
    scale = int("1" + "0" * len(fraction))
    count, rest = divmod(int(whole + fraction) * factor, scale)
    if rest:
        raise BadValueError(f"{quote(text)} is not a whole number of bytes", hint=_SIZE_HINT)
    return count


def _size_hint(value: Any) -> str:
    short = re.fullmatch(r"([0-9]{1,20}) ?([KkMmGgTt])", value) if isinstance(value, str) else None
    if not short:
        return _SIZE_HINT
    number, prefix = short[1], short[2].upper()
    return f"write {number}{prefix}iB for powers of 1024, {number}{prefix.replace('K', 'k')}B for powers of 1000"


def format_size(size: int) -> str:
    """``65536`` → ``"64KiB"``: the largest unit that leaves a whole number."""
    exact = (f"{size // factor}{unit}" for unit, factor in SIZE_UNITS.items() if size >= factor and size % factor == 0)
    return next(exact, "0B")


def parse_duration(value: Any) -> float:
    """``"1h30m"`` → seconds. A number without a unit is refused, except 0."""
    if value == "0" or (value == 0 and not isinstance(value, bool)):
        return 0.0
    if isinstance(value, str) and re.fullmatch(DURATION_PATTERN, value):
        parts = [(float(number), unit) for number, unit in _DURATION_PART.findall(value)]
        return round(sum(number * DURATION_UNITS[unit] for number, unit in parts), 6)
    hint = _DURATION_HINT
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        hint = f"add a unit: {value}s or {value}m"
    raise BadValueError(f"{quote(value)} is not a duration", hint=hint)


def format_duration(seconds: float) -> str:
    """``5400.0`` → ``"1h30m"``. Exact to the millisecond."""
    left, text = round(seconds * 1000), ""
    for unit, factor in DURATION_UNITS.items():
        count, left = divmod(left, round(factor * 1000))
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_mode(value: Any) -> int:
    """``"0640"`` or ``0o640`` → 416, as chmod(2) takes it. 640 is refused: YAML has read it as a decimal number."""
    if isinstance(value, OctalInt) and value <= 0o7777:
        return int(value)
    if isinstance(value, str) and re.fullmatch(MODE_PATTERN, value):
        return int(value.removeprefix("0o"), 8)
    hint = "three or four octal digits in quotes: " + '"0640"'
    if type(value) is int and re.fullmatch("[0-7]{3}", str(value)):
        hint = f'write it in octal, with a leading zero: "0{value}"'
    raise BadValueError(f"{quote(value)} is not a file mode", hint=hint)


def format_mode(mode: int) -> str:
    return f"{mode:04o}"


_SWITCH = {"on": True, "off": False, True: True, False: False}


def parse_switch(value: Any) -> bool:
    """``on``, ``off``, ``true`` or ``false``: the first two are text in YAML 1.2."""
    if isinstance(value, bool | str) and value in _SWITCH:
        return _SWITCH[value]
    raise BadValueError(f"{quote(value)} is neither on nor off", hint="on or off")


def format_switch(value: bool) -> str:
    return "on" if value else "off"


def parse_limit(value: Any) -> float | None:
    """A duration in seconds, or ``none``; 0 is none, too."""
    if value == "none":
        return None
    return parse_duration(value) or None


def format_limit(seconds: float | None) -> str:
    return "none" if seconds is None else format_duration(seconds)
