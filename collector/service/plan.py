"""
The plan: everything that follows from a configuration, compiled, immutable, with a hash.

``run`` and ``check-config`` both call ``build_plan``, so what the check accepts is what the daemon starts with.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from collector.config.load import component, load_settings, load_settings_text
from collector.config.network import Address, overlap
from collector.config.problems import Location, Problem
from collector.config.settings import Settings
from collector.metrics import Layout
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.own_format import line_format
from collector.protocol.render import FORMATS, Format
from collector.service import ledger, places
from collector.service.local_zone import local_zone
from collector.service.naming.plan import NamePlan, name_plan
from collector.service.outline import Outline, outline
from collector.service.routes import ResolvedRoute, RouteReader, same_file
from collector.service.stamp import Stamp, stamp
from collector.service.watching.build import ReadRules, read_rules, watching
from collector.service.work_plan import WorkPlan
from collector.sinks import SINKS
from collector.sinks.file import FileOptions
from collector.sources import SOURCES, Source, source_class
from collector.templates import TemplateError

_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Made by ``build_plan`` alone. ``sources`` are not bound yet, ``destinations`` not open. ``rules`` and ``actions``
    are pickled for the correlator and the dispatcher, None where there are no rules. ``deliveries`` are the options of
    the destinations of alerts, each with its place.
    """

    settings: Settings
    work: WorkPlan
    formats: dict[str, Format]
    interpreter: Interpreter
    normaliser: Normaliser
    outline: Outline
    watched: Mapping[str, Stamp]
    state_dir: str
    control: str
    workers: int
    rules: bytes | None = None
    actions: bytes | None = None
    deliveries: Sequence[tuple[Any, Location]] = ()

    @property
    def hash(self) -> str:
        return self.work.hash

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.work.sources

    @property
    def routes(self) -> tuple[ResolvedRoute, ...]:
        return self.work.routes

    @property
    def destinations(self) -> tuple[FileOptions, ...]:
        return self.work.destinations

    @property
    def layout(self) -> Layout:
        return self.work.layout


def build_plan(path: str) -> tuple[Plan | None, list[Problem]]:
    """The plan of a configuration file, or every problem that stands in its way. Warnings may come with a plan."""
    read = stamp(path)
    settings, problems = load_settings(path, source_kinds=SOURCES, sink_kinds=SINKS)
    if settings is None and not os.path.lexists(path):
        problems = [replace(problem, hint=places.CONFIG_HINT) for problem in problems]
    return _plan(settings, problems, read)


def build_plan_from_text(text: str, file: str) -> tuple[Plan | None, list[Problem]]:
    """The same for a configuration that is in no file."""
    settings, problems = load_settings_text(text, file, source_kinds=SOURCES, sink_kinds=SINKS)
    return _plan(settings, problems, stamp(file))


def control_of(path: str) -> str:
    """Where the daemon of a configuration file answers, whatever else is in the file and whether it can be read."""
    settings, _ = load_settings(path, source_kinds=SOURCES, sink_kinds=SINKS)
    named = settings and (settings.control or settings.state_dir)
    return _control(settings) if settings and named else places.control_to_ask(path)


def _control(settings: Settings) -> str:
    return settings.control or places.control(settings.state_dir)


def _plan(settings: Settings | None, problems: list[Problem], read: Stamp) -> tuple[Plan | None, list[Problem]]:
    if settings is None:
        return None, problems
    sources = _sources(settings, problems)
    formats = _formats(settings, problems)
    names = name_plan(settings, problems)
    reader = RouteReader(settings)
    reader.read()
    rules = read_rules(settings)
    problems += reader.problems + rules.problems
    problems.sort(key=lambda problem: (problem.location.file, problem.location.line, problem.location.column))
    if any(problem.level == "error" for problem in problems):
        return None, problems
    work = _work(settings, tuple(sources), reader, names, rules)
    state_dir, workers = settings.state_dir or places.state_dir(), _worker_count(settings.workers)
    watched = watching(rules, settings, work, state_dir, workers)
    if watched:
        work = replace(work, watch=watched.watch)
    plan = Plan(
        settings=settings,
        work=work,
        formats={name: line_format(text) for name, text in reader.templates.items()} | formats,
        interpreter=work.interpreter(),
        normaliser=work.normaliser(),
        outline=outline(settings.document.data, work, rules.book.rules if rules.book else ()),
        watched={settings.document.file: read, **reader.files, **rules.places},
        state_dir=state_dir,
        control=_control(settings),
        workers=workers,
        rules=watched and watched.rules,
        actions=watched and watched.actions,
        deliveries=rules.deliveries,
    )
    return plan, problems


def _work(
    settings: Settings, sources: tuple[Source, ...], reader: RouteReader, names: NamePlan, rules: ReadRules
) -> WorkPlan:
    charsets = {str(host): name for host, name in settings.charset.hosts.items()}
    return WorkPlan(
        hash=_hash(settings.document.data, [*reader.included, rules.hash]),
        sources=sources,
        routes=tuple(reader.routes),
        destinations=tuple(reader.destinations),
        templates={**reader.templates, **settings.templates},
        zone=settings.timezone.default or local_zone(),
        zones=_host_map(settings.timezone.hosts),
        fallback=settings.charset.fallback,
        charsets=HostMap(charsets),
        names=names,
        layout=ledger.layout(
            [source.name for source in sources],
            {options.label: options.kind for options in reader.destinations},
            [*settings.charset.fallback, *charsets.values()],
        ),
        max_files=settings.max_files,
        max_paths=settings.max_paths,
        max_message=settings.max_message,
    )


def _sources(settings: Settings, problems: list[Problem]) -> list[Source]:
    sources: dict[str, tuple[Source, Location]] = {}
    for spec in settings.sources:
        kind = source_class(spec.kind)
        options, found = component(spec, kind.Options, settings.document)
        problems += found
        if options is None:
            continue
        source: Source = kind(options)
        place = settings.document.location((*spec.path, spec.kind))
        for other, there in sources.values():
            message = _collision(source, other, there)
            if message:
                problems.append(Problem(place, message, "two-sources", "keep one of them"))
        if spec.kind == "unix" and same_file(_target(source)) == same_file(_control(settings)):
            hint = "give one of them another path"
            problems.append(Problem(place, f"{_target(source)} is the control socket", "two-sources", hint))
        sources[source.name] = source, place
    return [source for source, _ in sources.values()]


def _collision(source: Source, other: Source, there: Location) -> str | None:
    """Why two sources cannot be at once; ``there`` is the place of the other."""
    if source.name == other.name:
        return f"{source.name} is listed twice, first at {there}"
    one, two = _target(source), _target(other)
    if source.kind != other.kind or not (
        overlap(one, two) if isinstance(one, Address) else same_file(one) == same_file(two)
    ):
        return None
    return f"{source.name} is taken by {other.name} at {there}"


def _target(source: Any) -> Any:
    """Where it listens: an Address or a path."""
    return getattr(source.options, source.options.target_field)


def _formats(settings: Settings, problems: list[Problem]) -> dict[str, Format]:
    formats = dict(FORMATS)
    for name, text in settings.templates.items():
        place = settings.document.location(("templates", name))
        if name in FORMATS:
            problems.append(Problem(place, f'"{name}" is a format already', "format", "choose another name"))
            continue
        try:
            formats[name] = line_format(text)
        except TemplateError as first:
            for error in (first, *first.others):
                message = f"{error} (column {error.column} of the template)"
                problems.append(Problem(place, message, "template", error.hint))
    return formats


def _host_map(hosts: Any) -> HostMap[tzinfo]:
    return HostMap({str(host): zone for host, zone in hosts.items()})


def _worker_count(workers: int | str) -> int:
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS) if isinstance(workers, str) else workers


def _hash(data: Any, included: Sequence[str]) -> str:
    text = json.dumps([data, list(included)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
