r"""
STRUCTURED-DATA (RFC 5424 §6.3), as the standard has it, and as devices write it.

    [exampleSDID@32473 iut="3" eventSource="Application"][empty]

Read first by the letter, ``]`` inside quotes tolerated. What does not fit is read loosely: values without quotes
(VMware), a blank after ``=``, a backslash that ends a value instead of escaping the quote (``path="C:\"``, Windows).
"""

import re
from typing import NamedTuple

_NAME = r'[^\x00-\x20="\]\x7f]+'
_VALUE = r'[^"\\]*(?:\\.[^"\\]*)*'
_STRICT = re.compile(rf'(?:\[{_NAME}(?: {_NAME}="{_VALUE}")*+ ?\])++(?= |$)', re.DOTALL)
_STRICT_PART = re.compile(rf'\[({_NAME})| ({_NAME})="({_VALUE})"', re.DOTALL)

# A quote ends a loose value where a parameter or the end of the element follows. Groups are atomic: whatever was sent,
# each character is tried once, and no text makes this slow.
_LOOSE_PARAM = rf' ++({_NAME})= *+(?:"(?>(.*?)"(?= ++{_NAME}=|\s*\]))|([^\s"\]]*+))'
_LOOSE_ELEMENT = re.compile(rf"\[({_NAME})((?>{_LOOSE_PARAM})*+) *+\]", re.DOTALL)
_LOOSE_PART = re.compile(_LOOSE_PARAM, re.DOTALL)

_ESCAPED = re.compile(r'\\(["\\\]])')

Data = dict[str, dict[str, str | list[str]]]


class Reading(NamedTuple):
    """``end`` is where the text after the data begins, its separating blank not counted; ``marks`` tells how it was."""

    data: Data
    end: int
    marks: tuple[str, ...]


def read_structured_data(text: str, start: int) -> Reading:
    """The data that begins at ``start``. What is none at all comes back empty, with ``end == start``: it stays text."""
    if start == len(text):
        return Reading({}, start, ())
    if text.startswith("-", start) and text[start + 1 : start + 2] in ("", " "):
        return Reading({}, start + 1, ())
    strict = _STRICT.match(text, start)
    if strict:
        return Reading(_strict(text, start, strict.end()), strict.end(), ())
    return _loose(text, start)


def _strict(text: str, start: int, end: int) -> Data:
    data: Data = {}
    params: dict[str, str | list[str]] = {}
    for sd_id, name, value in _STRICT_PART.findall(text, start, end):
        if sd_id:
            params = data.setdefault(sd_id, {})
        else:
            _add(params, name, value)
    return data


def _loose(text: str, start: int) -> Reading:
    data: Data = {}
    end = start
    while match := _LOOSE_ELEMENT.match(text, end):
        params = data.setdefault(match[1], {})
        for name, quoted, bare in _LOOSE_PART.findall(match[2] + "]"):
            _add(params, name, quoted or bare)
        end = match.end()
    if end == start or text.startswith("[", end):
        return Reading({}, start, ("bad_structured_data",))
    return Reading(data, end, ("loose_structured_data",))


def _add(params: dict[str, str | list[str]], name: str, value: str) -> None:
    # RFC 5424 §6.3.3: a backslash before any other character is itself.
    if "\\" in value:
        value = _ESCAPED.sub(r"\1", value)
    known = params.get(name)
    if known is None:
        params[name] = value
    elif isinstance(known, list):
        known.append(value)
    else:
        params[name] = [known, value]
