"""
Plain YAML scalars → values, by the core schema of YAML 1.2 (§10.3.2), with one exception.

``yes``, ``on``, ``12:30`` and ``2026-07-23`` are text. So is a number with a leading zero: ``0640`` is the way to write
a file mode, and YAML readers disagree whether it is 640 or 416.
"""

import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

# At most 40 digits: no setting needs more, and Python refuses to convert or print numbers of thousands of digits.
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39})")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"(?=.*[.eE])[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

Scalar = str | int | float | bool | None


class OctalInt(int):
    """A number written as ``0o640``. A file mode accepts it and refuses 640, which is the same type otherwise."""


def resolve(text: str) -> Scalar:
    """The value of a scalar written without quotes, block indicator or tag."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] in "0123456789+-.":
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return OctalInt(text, 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text) and len(text) <= 400:
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text
