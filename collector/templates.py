"""
Templates: ``{{ hostname }}-{{ timestamp | date('%Y') }}`` in paths and lines. The only place that speaks jinja2.

A template sees the fields it is given and nothing else: no function, no file, no attribute of an object but the parts
of a time. What is wrong with it is said when it is compiled, with line and column, not at the first message.

Filters: ``date(format)`` (strftime, English names of days and months whatever the locale; without a format
``%Y-%m-%d``), ``default(text)`` (for a field that is absent or empty), ``truncate(length)`` (cuts),
``replace(old, new)``, ``lower``, ``upper``, ``capitalize``, ``title``, ``trim``, ``length``, ``first``, ``last``,
``join(separator)``, ``int``, ``string``.

Bounds: nothing can be called, there is no ``range``, ``*`` or ``**``, so a loop runs over the characters or items of a
field, and a result grows only with the fields.
"""

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from collector.errors import CollectorError, every, together

TIMES = ("timestamp", "received_at", "event_time", "fired_at")
"""Names whose values are datetimes: the first two of a record, the others of an alert."""

MAPPINGS = ("structured_data", "fields", "key", "records")
"""Names whose values have items."""

_NUMBERS = ("count", "EventID")
"""Names whose values are whole numbers: of an alert, and of a payload. Every other value is text."""

_TIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_FILTERS = (
    "capitalize", "first", "int", "join", "last", "length", "lower", "string", "title", "trim", "upper",
)  # fmt: skip
_TEXT_FILTERS = ("capitalize", "lower", "replace", "string", "title", "trim", "truncate", "upper")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

# What a template may be made of; everything else (calls, imports, macros, repetition) is refused with its line.
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.Test, nodes.Keyword,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.If, nodes.CondExpr, nodes.For, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.Pos, nodes.Tuple, nodes.List,
)  # fmt: skip
_REFUSED = {"Call": "function calls", "Mul": '"*"', "Pow": '"**"', "Mod": '"%"', "Assign": '"set"'}
_SAMPLE_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}")
# Words of jinja2 that may look like names.
_CONSTANTS = frozenset(("true", "false", "none", "True", "False", "None", "not", "self", "loop"))
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[{%].*", re.DOTALL)


class TemplateError(CollectorError):
    """A template that cannot be used; ``line`` and ``column`` count from 1 within its text."""

    def __init__(self, message: str, place: tuple[int, int] = (1, 1), *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line, self.column = place


class _Absent(jinja2.ChainableUndefined, jinja2.StrictUndefined):
    """An item that is not there: ``default`` may replace it, however deep; writing it is an error."""


def date(value: object, pattern: str = "%Y-%m-%d") -> str:
    """``strftime`` in the C locale."""
    if not isinstance(value, datetime):
        raise TemplateError("date needs a time", hint=_times(TIMES))
    day, month = _DAYS[value.weekday()], _MONTHS[value.month - 1]
    half = "AM" if value.hour < 12 else "PM"
    names = {
        "a": day[:3], "A": day, "b": month[:3], "h": month[:3], "B": month, "p": half, "P": half.lower(),
        "c": f"{day[:3]} {month[:3]} %e %H:%M:%S %Y", "x": "%m/%d/%y", "X": "%H:%M:%S", "r": f"%I:%M:%S {half}",
        "s": str(int(value.timestamp())),
    }  # fmt: skip
    return value.strftime(re.sub("%(.)", lambda found: names.get(found[1], found[0]), pattern))


def default(value: object, text: object = "", *_boolean: object) -> object:
    """Absent and empty are one here, so the third argument that jinja2's own takes for it changes nothing."""
    return text if isinstance(value, jinja2.Undefined) or value in (None, "") else value


def truncate(value: object, length: int) -> str:
    return str(value)[: max(length, 0)]


def replace(value: object, old: object, new: object, count: int = -1) -> str:
    return str(value).replace(str(old), str(new), count)


def _of_text(change: Callable[..., str]) -> Callable[..., str]:
    """A filter that changes texts; of what has items it changes the JSON."""

    def changed(value: object, *arguments: Any, **named: Any) -> str:
        return change(_json(value) if isinstance(value, Mapping | list) else value, *arguments, **named)

    return changed


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def written(value: object) -> object:
    """A value that no filter has formatted: a time as RFC 3339, with a fraction if it has one, and items as JSON."""
    if isinstance(value, Mapping | list):
        return _json(value)
    if not isinstance(value, datetime):
        return value
    micro = value.microsecond
    return value.isoformat(timespec="seconds" if not micro else "microseconds" if micro % 1000 else "milliseconds")


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=_Absent,
        finalize=written,
        autoescape=False,  # the results are file names and log lines, not HTML
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters |= {"date": date, "default": default, "truncate": truncate, "replace": replace}
    environment.filters |= {name: _of_text(environment.filters[name]) for name in _TEXT_FILTERS}
    return environment


_ENVIRONMENT = _environment()


_Piece = tuple[str, bool]
"""A text, or the name of a field, and whether it is that."""


class Template:
    """A compiled template; ``variables`` are the fields it looks at, ``literal`` its whole text when there are none."""

    def __init__(self, text: str, content: nodes.Template | list[_Piece], variables: frozenset[str]) -> None:
        """``content`` is a list where there are only text and names: that needs no jinja2 to be filled."""
        self.text = text
        self.variables = variables
        self._pieces = content if isinstance(content, list) else None
        self._compiled = None if isinstance(content, list) else _ENVIRONMENT.from_string(content)
        self.literal = None if variables else self.render({})

    def __reduce__(self) -> tuple[Callable[[str, frozenset[str]], "Template"], tuple[str, frozenset[str]]]:
        return _compile_again, (self.text, self.variables)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for these values; a field that is None is empty. Raises TemplateError and nothing else."""
        if self._compiled is None:
            return "".join([_filled(piece, values) for piece in self._pieces or ()])
        present = {name: "" if value is None else value for name, value in values.items()}
        try:
            return self._compiled.render(present)
        except TemplateError:
            raise
        except Exception as error:  # whatever a filter makes of a message's content is one kind of error
            raise TemplateError(f"the template cannot be filled: {error}", hint=_hint_for(error)) from error

    def as_percent(self) -> tuple[bytes, tuple[str, ...]] | None:
        """
        The same template as a bytes format for ``%`` and the order of its fields, when it is only text and plain
        ``{{ name }}``: ``(b"%b: %b", ("hostname", "message"))``. None for any other template.
        """
        if self._pieces is None:
            return None
        parts = [b"%b" if is_name else part.encode().replace(b"%", b"%%") for part, is_name in self._pieces]
        return b"".join(parts), tuple(part for part, is_name in self._pieces if is_name)


def compile_template(text: str, *, allowed: Collection[str]) -> Template:
    """
    Read a template that may use the names in ``allowed``. Raises TemplateError: syntax, or, with ``others``, all
    unknown names and filters and what a template may not do.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TemplateError("the template is no valid text", _place_at(text, error.start)) from error
    plain = _plain(text, allowed)  # nearly every template is; with jinja2 a thousand take a second
    if plain is not None:
        return Template(text, plain, frozenset(part for part, is_name in plain if is_name))
    try:
        tree = _ENVIRONMENT.parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(_syntax_message(str(error.message)), _place_of_syntax_error(text)) from error
    variables = _checked(tree, text, allowed)
    template = Template(text, tree, variables)
    if variables.isdisjoint(MAPPINGS):
        template.render({name: _sample(name) for name in variables})
    return template


def _sample(name: str) -> object:
    if name in TIMES:
        return _SAMPLE_TIME
    return 0 if name in _NUMBERS else "0"


def _compile_again(text: str, variables: frozenset[str]) -> Template:
    return compile_template(text, allowed=variables)


def _plain(text: str, allowed: Collection[str]) -> list[_Piece] | None:
    """The pieces of a template that is only text and ``{{ name }}``, all of them known; None for any other one."""
    parts = _NAME.split(text)
    if "\r" in text or any(sign in data for data in parts[::2] for sign in ("{{", "{%", "{#")):
        return None
    if any(data.endswith("{") for data in parts[:-1:2]):  # in {{{ the first two are the sign
        return None
    if any(name in _CONSTANTS or name not in allowed for name in parts[1::2]):
        return None
    return [(part, bool(place % 2)) for place, part in enumerate(parts) if part]


def _filled(piece: _Piece, values: Mapping[str, Any]) -> str:
    """As jinja2 would write it."""
    part, is_name = piece
    if not is_name:
        return part
    if part not in values:
        raise TemplateError(f"the template cannot be filled: '{part}' is undefined")
    value = values[part]
    return "" if value is None else str(written(value))


def _variables(tree: nodes.Template) -> frozenset[str]:
    """The names it takes from outside; ``self`` is jinja2's own and counts as unknown."""
    names = {name.name for name in tree.find_all(nodes.Name)}
    return frozenset(meta.find_undeclared_variables(tree) | (names & {"self"}))


def _variables_of_refused(tree: nodes.Template) -> frozenset[str]:
    """Nearly the same, for a tree that jinja2 must not compile: to do so it would work out ``10 ** 1000000``."""
    names = {name.name for name in tree.find_all(nodes.Name)}
    set_here = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    called = {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    return frozenset(names - set_here - called - {"loop"})


def _checked(tree: nodes.Template, text: str, allowed: Collection[str]) -> frozenset[str]:
    """The variables of a template without a mistake; raises the first in the text, with all others."""
    errors: list[TemplateError] = []
    try:
        every(lambda node: _check(node, text, allowed), _judged(tree))
    except TemplateError as error:
        errors = [error, *error.others]
    variables = _variables_of_refused(tree) if errors else _variables(tree)
    try:
        every(lambda name: _check_name(name, text, allowed), variables)
    except TemplateError as error:
        errors += [error, *error.others]
    if errors:
        found = {(error.line, error.column, str(error)): error for error in errors}
        raise together([found[key] for key in sorted(found)])
    return variables


def _judged(node: nodes.Node) -> Iterator[nodes.Node]:
    """All nodes below, but not what is called: a call is refused as a whole."""
    for child in node.iter_child_nodes(exclude=("node",) if isinstance(node, nodes.Call) else None):
        yield child
        yield from _judged(child)


def _check_name(name: str, text: str, allowed: Collection[str]) -> None:
    if name not in allowed:
        hint = _near(name, allowed) or f"known here: {', '.join(sorted(allowed))}"
        raise TemplateError(f'unknown variable "{name}"', _place(text, name), hint=hint)


def _check(node: nodes.Node, text: str, allowed: Collection[str]) -> None:
    if not isinstance(node, _NODES):
        kind = type(node).__name__
        raise TemplateError(
            f"a template cannot use {_REFUSED.get(kind, kind.lower())}",
            _place_of_line(text, node.lineno),
            hint="a template is made of fields, filters, conditions and loops over fields",
        )
    if isinstance(node, nodes.Filter):
        _check_filter(node, text, allowed)
    if isinstance(node, nodes.Test) and node.name not in _ENVIRONMENT.tests:
        hint = _near(node.name, _ENVIRONMENT.tests) or "such as {% if user is defined %}"
        raise TemplateError(f'unknown test "{node.name}"', _place(text, node.name, after=r"\bis\s+"), hint=hint)
    if isinstance(node, nodes.Getattr):
        _check_item(node.node, node.attr, text, allowed)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        _check_item(node.node, node.arg.value, text, allowed)


def _check_filter(node: nodes.Filter, text: str, allowed: Collection[str]) -> None:
    place = _place(text, node.name, after=r"\|\s*")
    if node.name not in _ENVIRONMENT.filters:
        hint = _near(node.name, _ENVIRONMENT.filters) or f"filters are {', '.join(sorted(_ENVIRONMENT.filters))}"
        raise TemplateError(f'unknown filter "{node.name}"', place, hint=hint)
    subject = node.node
    if node.name == "date" and isinstance(subject, nodes.Name) and subject.name not in TIMES:
        raise TemplateError(f"{subject.name} is no time", place, hint=_times(allowed))


def _times(known: Collection[str]) -> str:
    return f"times are {' and '.join(name for name in TIMES if name in known)}"


_NO_PARTS = "a field is text, or a number, and has no parts with names"


def _hint_for(error: Exception) -> str:
    """Of what jinja2 says when it fills a template."""
    if "argument" in str(error):
        return "a filter has too few arguments, or too many, such as {{ message | truncate(60) }}"
    return f"{_NO_PARTS}; its beginning is {{{{ message | truncate(60) }}}}"


def _check_item(owner: nodes.Node, item: str, text: str, allowed: Collection[str]) -> None:
    """Refuse items of what has none: fields are text. What a loop runs over is not known here."""
    while isinstance(owner, nodes.Getattr | nodes.Getitem):
        owner = owner.node
    if isinstance(owner, nodes.Name) and (owner.name in MAPPINGS or owner.name not in allowed):
        return
    name = owner.name if isinstance(owner, nodes.Name) else "this"
    if name in TIMES and item in _TIME_PARTS:
        return
    hint = _near(item, _TIME_PARTS) or "see the date filter" if name in TIMES else _NO_PARTS
    raise TemplateError(f'{name} has no attribute "{item}"', _place(text, item, after=r"[.\[]\s*['\"]?"), hint=hint)


def _syntax_message(message: str) -> str:
    block = re.search(r"needs to be closed is '(\w+)'", message)
    return f'"{block[1]}" is never ended' if block else message[:1].lower() + message[1:].rstrip(".")


def _near(word: str, known: Collection[str]) -> str | None:
    near = difflib.get_close_matches(word[:80].lower(), known, n=1)
    return f'did you mean "{near[0]}"?' if near else None


def _place(text: str, word: str, *, after: str = r"(?<![\w.])") -> tuple[int, int]:
    """The first use of a word inside ``{{ }}`` or ``{% %}``."""
    pattern = re.compile(rf"{after}(?P<word>{re.escape(word)})\b")
    found = next(filter(None, (pattern.search(text, *tag.span()) for tag in _TAG.finditer(text))), None)
    return _place_at(text, found.start("word") if found else 0)


def _place_of_line(text: str, line: int) -> tuple[int, int]:
    """The first tag that reaches into a line; jinja2 tells no columns."""
    tags = (tag for tag in _TAG.finditer(text) if _place_at(text, tag.end())[0] >= line)
    first = next(tags, None)
    return _place_at(text, first.start()) if first else (line, 1)


def _place_of_syntax_error(text: str) -> tuple[int, int]:
    """The first tag that cannot be read; when all can and only an end is missing, the last one."""
    start = 0
    for tag in _TAG.finditer(text):
        start = tag.start()
        try:
            _ENVIRONMENT.parse(text[: tag.end()])
        except jinja2.TemplateSyntaxError as error:
            if "end of template" not in str(error.message).lower():
                break
    return _place_at(text, start)


def _place_at(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
