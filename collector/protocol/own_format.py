"""
Line formats of the user's own: ``templates: {short: "{{ timestamp }} {{ hostname }} {{ message }}"}``.

A template that is only text and plain fields is filled by one ``%`` per row; any other is rendered by jinja2, at some
ten times the cost. The values are in their visible form: a message cannot forge a line.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from collector.batch import Odd
from collector.protocol.columns import COLUMNS, reader
from collector.protocol.render import Format, Moment, Pair
from collector.protocol.timestamp import iso
from collector.templates import Template, TemplateError, compile_template, written

_PLACE_OR_PERCENT = re.compile("%[b%]")


def line_format(text: str) -> Format:
    """A format from the text of a template, which may end with a LF as YAML's ``|`` leaves it. Raises TemplateError."""
    first, _, rest = text.rstrip("\n").partition("\n")
    if rest:
        hint = "begin it with >- in YAML, which joins lines"
        raise TemplateError("a line format is one line", (1, len(first) + 1), hint=hint)
    return own_format(compile_template(first, allowed=COLUMNS))


def own_format(template: Template) -> Format:
    """A format from a template whose variables are column names."""
    simple = template.as_percent()
    return _simple(*simple) if simple else _rendered(template)


def _simple(pattern: bytes, fields: tuple[str, ...]) -> Format:
    read = reader(fields)
    text = _PLACE_OR_PERCENT.sub(lambda found: found[0].replace("b", "s"), pattern.decode()) + "\n"

    def form(pairs: Sequence[Pair], moment: Moment) -> bytes:
        lines: list[str] = []
        for pair in map(_visible, pairs):
            values = read(pair, moment)
            lines.append(text % tuple([_text(values[name]) for name in fields]))
        return "".join(lines).encode()

    return form


def _rendered(template: Template) -> Format:
    read = reader(sorted(template.variables))

    def form(pairs: Sequence[Pair], moment: Moment) -> bytes:
        return "".join([_line(template, read(pair, moment)) for pair in map(_visible, pairs)]).encode()

    return form


def _line(template: Template, values: dict[str, Any]) -> str:
    try:
        text = template.render(values)
    except TemplateError as error:
        # The message must not be lost because its line cannot be made: what is known is written with the reason.
        text = f"[{error}] {' '.join(f'{name}={value}' for name, value in values.items())}"
    return text.replace("\n", "#012") + "\n"  # a filter or a constant of the template can make a LF


def _visible(pair: Pair) -> Pair:
    row, peer = pair
    return (row._replace(record=row.visible), peer) if isinstance(row, Odd) else pair


def _text(value: Any) -> str:
    if value is None:
        return ""
    return iso(value) if isinstance(value, datetime) else str(written(value))
