"""
``collector import syslog-conf FILE…``: a syslog.conf as YAML, and a report of what became of its lines.

The YAML routes as the files do when they are included. What could be said only nearly is *approximated*, what not at
all *refused*, each with its place; the rest stands in the YAML in any case.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from collector.config.load import load_settings_text
from collector.config.problems import Location, Problem
from collector.routing.directives import Setting
from collector.routing.selector import SelectorError, compile_selector, selector_text
from collector.routing.syslog_conf import Rule
from collector.service.routes import RouteReader
from collector.sinks import SINKS, sink_class

_LISTENING = ("udp", "tcp", "unix")
_OF_SOURCES = {"allow": _LISTENING[:2], "repeat_reduction": _LISTENING, "max_connections": ("tcp",)}
_TOP = ("max_message", "mark", "user", "group")
_NO_SOURCE = {"udp": "0.0.0.0:514"}


@dataclass(frozen=True, slots=True)
class Imported:
    """``yaml`` is a whole configuration, ``report`` a line for each thing found; ``refused`` counts what is missing."""

    yaml: str
    report: Sequence[str]
    refused: int


def import_conf(paths: Sequence[str]) -> Imported:
    """Read the files in their order, each with the files it includes."""
    text = f"sources: [{{udp: 127.0.0.1:1}}]\nroutes: {json.dumps([{'include': path} for path in paths])}\n"
    settings, problems = load_settings_text(text, "", source_kinds=("udp",), sink_kinds=SINKS)
    assert settings is not None, problems
    reader = RouteReader(settings)
    reader.read()
    told = [problem for problem in reader.problems if problem.id != "setting" or not _has_key(problem, reader.settings)]
    refused = sum(problem.level == "error" for problem in told)
    return Imported("\n".join([*_yaml(reader), ""]), list(_report(reader, told)), refused)


def _has_key(problem: Problem, settings: Sequence[Setting]) -> bool:
    """Whether a warning is about a setting that the YAML has."""
    return any(setting.location == problem.location and _can_be_written(setting) for setting in settings)


def _can_be_written(setting: Setting) -> bool:
    return setting.value is not None and setting.key in {*_LISTENING, *_OF_SOURCES, *_TOP}


def _yaml(reader: RouteReader) -> Iterator[str]:
    settings = [setting for setting in reader.settings if _can_be_written(setting)]
    yield from _sources(settings)
    for setting in {setting.key: setting for setting in settings if setting.key in _TOP}.values():
        yield f"{setting.key}: {_scalar(setting.value)}"
    if reader.templates:
        yield "templates:"
        yield from (f"  {_scalar(name)}: {_scalar(text)}" for name, text in reader.templates.items())
    if not reader.taken:
        yield "routes: []"
        return
    yield "routes:"
    for (place, _), rules in groupby(reader.taken, key=_of_one_route):
        yield from _route(place, list(rules))


def _sources(settings: Sequence[Setting]) -> Iterator[str]:
    listening = [setting for setting in settings if setting.key in _LISTENING]
    yield "sources:"
    if not listening:
        yield "  # the files name none"
    for kind, target in dict.fromkeys((one.key, one.value) for one in listening) or _NO_SOURCE.items():
        yield f"  - {kind}: {_scalar(target)}"
        for key, value in _options(settings, kind).items():
            yield f"    {key}: {_scalar(value)}"


def _options(settings: Sequence[Setting], kind: str) -> dict[str, Any]:
    """Those of a source; the lines of an allow-list add up."""
    options: dict[str, Any] = {}
    for setting in settings:
        if kind in _OF_SOURCES.get(setting.key, ()) and setting.source in {None, kind}:
            value = setting.value
            options[setting.key] = options.get(setting.key, []) + value if isinstance(value, list) else value
    return options


def _of_one_route(rule: Rule) -> tuple[Location, str]:
    """What the actions of one selector have in common: the place of the selector, and what it asks."""
    return rule.first, repr(rule.where)


def _route(place: Location, rules: Sequence[Rule]) -> Iterator[str]:
    rule = rules[0]
    yield f"  # {place.file}:{place.line}"
    yield f"  - select: {_scalar(_select(rule))}"
    if rule.where:
        yield f"    where: {_scalar(rule.where)}"
    targets = [_target(one) for one in rules]
    yield f"    to: {_scalar(targets[0] if len(targets) == 1 else targets)}"


def _select(rule: Rule) -> str:
    """The selector as written, where that says all."""
    selector = rule.selector
    assert selector is not None
    try:
        if compile_selector(selector.text) == selector:
            return selector.text
    except SelectorError:  # the text is that of a filter
        pass
    named = {True: ";mark.info", False: ";mark.none", None: ""}[selector.mark]
    return selector_text(selector.masks) + named


def _target(rule: Rule) -> Any:
    action = rule.action
    if action.kind == "discard":
        return "stop"
    options = {**action.options, **({"format": action.format} if action.format not in {None, "traditional"} else {})}
    if action.kind == "file" and not options:
        return action.target
    return {sink_class(action.kind).Options.target_field: action.target, **options}


def _scalar(value: Any) -> str:
    """JSON, which is YAML."""
    return json.dumps(dict(value) if isinstance(value, Mapping) else value, ensure_ascii=False)


def _report(reader: RouteReader, problems: Sequence[Problem]) -> Iterator[str]:
    lines = [(rule.location, f"understood: {rule.text}") for rule in reader.taken]
    lines += [
        (setting.location, f"understood: {setting.written} → {setting.key}: {_scalar(setting.value)}")
        for setting in reader.settings
        if _can_be_written(setting)
    ]
    words = {"error": "refused", "warning": "approximated"}
    for problem in problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        lines.append((problem.location, f"{words[problem.level]}: {problem.message}{hint}"))
    for place, text in sorted(lines, key=lambda line: (line[0].file, line[0].line, line[0].column)):
        yield f"{place}: {text}" if place.file else text  # a file that is not there has no place in another
    used = len({route.destination for route in reader.routes} - {None})
    levels = [problem.level for problem in problems]
    yield (
        f"{len(lines) - len(levels)} understood, {levels.count('warning')} approximated, "
        f"{levels.count('error')} refused; routes: {len(reader.routes)}, destinations: {used}"
    )
