r"""
The objects of rsyslog's newer language: ``module(load="imudp")``, ``input(type="imudp" port=["514", "1514"])``.

Only their parameters are read here, with the place of each. Names are in lower case; in quotes ``\`` escapes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collector.config.problems import Location, Problem, quote
from collector.routing.lines import Line

OBJECT = re.compile(r"(?P<name>module|input|global|main_queue|template|include|action)\s*\(", re.IGNORECASE)

_STRING = r'"(?:\\.|[^"\\])*"'
_PARAMETER = re.compile(
    rf"\s*(?:#[^\n]*)?(?P<name>[\w.]+)\s*=\s*(?P<value>{_STRING}|\[(?:\s*{_STRING}\s*,?)*\s*\])", re.DOTALL
)
_END = re.compile(r"\s*\)\s*(\{.*|#.*)?$", re.DOTALL)
"""Braces hold the pieces of a template that is a list; what refuses it says so."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    values: Sequence[str]
    location: Location
    """Of the first character of the value."""

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one object, by name."""

    by_name: dict[str, Parameter]

    def text(self, name: str, default: str = "") -> str:
        return self.by_name[name].value if name in self.by_name else default

    def place(self, name: str, default: Location) -> Location:
        return self.by_name[name].location if name in self.by_name else default


def read_parameters(line: Line, start: int) -> Parameters | Problem:
    """What stands between the brackets, the first of which is before ``start``."""
    found: dict[str, Parameter] = {}
    while match := _PARAMETER.match(line.text, start):
        strings = re.findall(_STRING, match["value"], re.DOTALL)
        values = [re.sub(r"\\(.)", _unescaped, string[1:-1], flags=re.DOTALL) for string in strings]
        name = match["name"].lower()
        found[name] = Parameter(name, values, line.at(match.start("value") + 1))
        start = match.end()
    if not _END.match(line.text, start):
        rest = line.text[start:].strip()
        message = f'{quote(rest[:20])} is no parameter; one is name="value"' if rest else "the bracket is not closed"
        return Problem(line.at(min(start, len(line.text) - 1)), message, "directive")
    return Parameters(found)


def _unescaped(found: re.Match[str]) -> str:
    # A template goes through its own reading of escapes, so only those of the quotes are undone.
    return found[1] if found[1] in '"$' else found[0]
