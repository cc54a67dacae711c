"""
Routes as written → selector, filter and destination, with everything that is wrong with them.

All ways to write a route meet here: a line of syslog.conf, a block or a file of such lines, a mapping.
"""

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.config.load import component
from collector.config.problems import Location, Problem, did_you_mean
from collector.config.settings import (
    ActionSpec,
    BlockRoute,
    ComponentSpec,
    IncludeRoute,
    LineRoute,
    MappingRoute,
    Settings,
)
from collector.priority import FACILITIES
from collector.protocol.columns import COLUMNS
from collector.protocol.render import FORMATS
from collector.routing.actions import Action
from collector.routing.directives import Setting
from collector.routing.selector import Selector, SelectorError, compile_selector, odd_facilities, says_security
from collector.routing.syslog_conf import ConfReader, Rule
from collector.routing.where import Where, WhereError, compile_where
from collector.service.action_options import ActionOptions
from collector.service.conf_files import ConfFiles
from collector.service.conf_settings import advice
from collector.service.stamp import Stamp
from collector.sinks import sink_class
from collector.sinks.paths import PathTemplate
from collector.templates import TemplateError

_REFUSED = -1


@dataclass(frozen=True, slots=True)
class ResolvedRoute:
    """
    One way from selector to destination, an index into ``RouteReader.destinations``; None where the message goes to no
    later route.
    """

    selector: Selector
    where: Where | None
    destination: int | None
    location: Location

    @property
    def text(self) -> str:
        """What it asks for, as written."""
        return f"{self.selector.text} where {dict(self.where.spec)}" if self.where else self.selector.text


class RouteReader:
    """
    Reads the routes of one configuration. ``routes``, ``destinations`` and ``problems`` fill as it goes, ``templates``
    with the formats that included files define, ``taken`` with the lines that became routes.
    """

    def __init__(self, settings: Settings) -> None:
        self.routes: list[ResolvedRoute] = []
        self.destinations: list[Any] = []
        self.problems: list[Problem] = []
        self._settings = settings
        self._document = settings.document
        self.taken: list[Rule] = []
        self._files = ConfFiles()
        self._conf = ConfReader(self._files.named, _names_of_this_machine())
        self._options = ActionOptions()
        self._by_label: dict[str, tuple[int, Location]] = {}
        self._good_paths: dict[str, bool] = {}
        self._wheres: dict[str, Where] = {}

    @property
    def included(self) -> Sequence[str]:
        """The texts of the files that were read."""
        return self._files.texts

    @property
    def files(self) -> Mapping[str, Stamp]:
        """What was looked at for them: files, folders and globs, each with its stamp."""
        return self._files.places

    @property
    def settings(self) -> Sequence[Setting]:
        """What the files set that is a setting of the configuration."""
        return self._conf.settings

    @property
    def templates(self) -> Mapping[str, str]:
        return self._conf.templates

    def read(self) -> None:
        # Lines are all read first: what sysklogd sets for all files may stand behind them.
        ends = [self._lines(spec) for spec in self._settings.routes]
        rules = self._conf.rules
        start = 0
        for spec, end in zip(self._settings.routes, ends, strict=True):
            for rule in rules[start:end]:
                self._rule(rule)
            start = end
            if isinstance(spec, MappingRoute):
                self._mapping(spec)
        self.problems += self._conf.problems
        self.problems += [*advice(self._conf.settings, self._settings)]

    def _lines(self, spec: Any) -> int:
        """Take in lines; returns how many rules there are so far."""
        match spec:
            case LineRoute() | BlockRoute():
                self._conf.feed(spec.text, spec.location)
            case IncludeRoute():
                self._include(spec)
        return self._conf.count

    def _include(self, spec: IncludeRoute) -> None:
        file = self._files.one(spec.file)
        for problem in file.problems:
            if file.text is None and problem.id == "unreadable":
                self._problem(spec.location, f"{spec.file}: {problem.message}", problem.id, problem.hint)
            else:
                self.problems.append(problem)
        if file.text is not None:
            self._conf.read_file(file.text, spec.file)

    def _rule(self, rule: Rule) -> None:
        if not rule.text.startswith("&"):  # the selector of the line before
            self._doubt(rule.selector, rule.location)
        where = self._compiled(rule.where) if rule.where else None
        for options, at in self._of_action(rule.action):
            if self._add(rule.selector, where, options, rule.location, at):
                self.taken.append(rule)

    def _of_action(self, action: Action) -> Iterator[tuple[Any, Location]]:
        """The options of an action, None for one that stops; nothing when it cannot be used."""
        if action.kind == "discard":
            yield None, action.location
            return
        known = action.format is None or self._format_exists(action.format, action.format_location or action.location)
        options, problems = self._options.of(action)
        self.problems += problems
        if options is not None and known:
            yield options, action.location
        elif action.kind == "file":
            self._path_is_good(action.target, action.location)

    def _mapping(self, spec: MappingRoute) -> None:
        place = self._document.block_start((*spec.path, "select"))
        selector = self._selector(spec.select, place)
        self._doubt(selector, place)
        where = self._where(spec.where, (*spec.path, "where"))
        for target in spec.to:
            for options, at in self._target(target):
                self._add(selector, where, options, place, at)

    def _selector(self, text: str, place: Location) -> Selector | None:
        try:
            return compile_selector(text)
        except SelectorError as first:
            for error in (first, *first.others):
                at = Location(place.file, place.line, place.column + error.column)
                self._problem(at, str(error), "selector", error.hint)
            return None

    def _where(self, spec: Mapping[str, Any], path: tuple[str | int, ...]) -> Where | None:
        if not spec:
            return None
        try:
            return self._compiled(spec)
        except WhereError as first:
            for error in (first, *first.others):
                place = self._document.location((*path, *error.path), key=True)
                self._problem(place, str(error), "where", error.hint)
            return None

    def _compiled(self, spec: Mapping[str, Any]) -> Where:
        """One for all routes that ask the same."""
        text = repr(spec)
        if text not in self._wheres:
            self._wheres[text] = compile_where(spec)
        return self._wheres[text]

    def _target(self, target: ActionSpec | ComponentSpec) -> Iterator[tuple[Any, Location]]:
        if isinstance(target, ActionSpec):
            action, problems = self._conf.action(target.text, target.location)
            self.problems += problems
            if action is not None:
                yield from self._of_action(action)
            return
        found, problems = component(target, sink_class(target.kind).Options, self._document)
        self.problems += problems
        name = target.options.get("format", "traditional")
        known = isinstance(name, str) and self._format_exists(name, self._document.location((*target.path, "format")))
        at = self._document.block_start((*target.path, target.kind))
        if found is not None and known:
            yield found, at
        elif isinstance(target.target, str) and target.kind == "file" and not self._is_told(target, problems):
            self._path_is_good(target.target, at)

    def _is_told(self, target: ComponentSpec, problems: Sequence[Problem]) -> bool:
        return self._document.location((*target.path, target.kind)) in [problem.location for problem in problems]

    def _format_exists(self, name: str, place: Location) -> bool:
        known = (*FORMATS, *self._settings.templates, *self.templates)
        if name in known:
            return True
        hint = did_you_mean(name, known) or f"formats are {', '.join(FORMATS)} and your templates"
        self._problem(place, f'unknown format "{name}"', "format", hint)
        return False

    def _doubt(self, selector: Selector | None, location: Location) -> None:
        """Warn of a selector that can be read, but hardly means what it says."""
        if selector is None:
            return
        if not (selector.mark or any(selector.masks)):
            self._problem(location, f'"{selector.text}" selects nothing', "empty-selector", None, level="warning")
        for number, facility in odd_facilities(selector.text):
            message = f"facility number {number} is read as {facility << 3}, {FACILITIES[facility]}"
            hint = "a facility number is 8 × its code: 16 is mail"
            self._problem(location, message, "facility-number", hint, level="warning")
        for part in selector.idle:
            message = f'"{part}" adds nothing to what stands before it'
            hint = f"leave it out, or, for less of it, as a BSD reads it, write {part.rpartition('.')[0]}.none;{part}"
            self._problem(location, message, "idle-part", hint, level="warning")
        if says_security(selector.text):
            hint = "write auth, or, for a file of FreeBSD, where it is facility 13, bsd_security"
            self._problem(location, "security is read as auth", "facility-name", hint, level="warning")

    def _add(
        self, selector: Selector | None, where: Where | None, options: Any, location: Location, at: Location
    ) -> bool:
        """Add a route, unless something about it is wrong."""
        number = None
        if options is not None:
            if options.kind == "file" and not self._path_is_good(options.file, at):
                return False
            number = self._destination(options, at)
        if selector is None or number == _REFUSED:
            return False
        self.routes.append(ResolvedRoute(selector, where, number, location))
        return True

    def _destination(self, options: Any, at: Location) -> int:
        label = same_file(options.file) if options.kind == "file" else options.label
        known = self._by_label.get(label)
        if known is None:
            known = self._by_label[label] = (len(self.destinations), at)
            self.destinations.append(options)
        elif not _same(self.destinations[known[0]], options):
            message = f"{options.label} is written in another way at {known[1]}"
            what = "file" if options.kind == "file" else "destination"
            self._problem(at, message, "two-ways", f"one {what} has one format and one set of options")
            return _REFUSED
        return known[0]

    def _path_is_good(self, path: str, at: Location) -> bool:
        if path not in self._good_paths:
            self._good_paths[path] = self._judge(path, at)
        return self._good_paths[path]

    def _judge(self, path: str, at: Location) -> bool:
        try:
            PathTemplate(path, allowed=COLUMNS)
        except TemplateError as first:
            for error in (first, *first.others):
                column = at.column + error.column - 1 if error.line == 1 else error.column
                self._problem(Location(at.file, at.line + error.line - 1, column), str(error), "path", error.hint)
            return False
        return True

    def _problem(
        self, place: Location, message: str, identifier: str, hint: str | None, *, level: Any = "error"
    ) -> None:
        self.problems.append(Problem(place, message, identifier, hint, level))


def _same(one: Any, other: Any) -> bool:
    """Whether two destinations of one label have the same options; the ways to write a path are many."""
    return bool(
        one == other.model_copy(update={"file": one.file}) if one.kind == "file" == other.kind else one == other
    )


def _names_of_this_machine() -> list[str]:
    """As ``+@`` means them: with its domain, if it has one, and without."""
    name = socket.gethostname()
    return list(dict.fromkeys((name, name.partition(".")[0])))


def same_file(path: str) -> str:
    """One text for all ways to write a path: ``./o``, ``././o`` and ``o``. What stands in ``{{ }}`` is left alone."""
    fixed = path.partition("{")[0]
    folder = path if fixed == path else fixed[: fixed.rfind("/") + 1]
    written = re.sub("^//", "/", os.path.normpath(folder))
    return written if folder == path else os.path.join(written, path[len(folder) :])
