"""
Routes as written → selector, filter and destination, with everything that is wrong with them.

All ways to write a route meet here: a line of syslog.conf, a block or a file of such lines, a mapping.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collector.config.load import component, read_text
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
from collector.routing.selector import Selector, SelectorError, compile_selector, odd_facilities
from collector.routing.syslog_conf import ConfLine, parse_lines
from collector.routing.where import Where, WhereError, compile_where
from collector.sinks import sink_class
from collector.sinks.file import FileOptions
from collector.sinks.paths import PathTemplate
from collector.templates import TemplateError

# Formats of rsyslog that are not ours under another name, but have one that serves.
_OF_RSYSLOG = {
    "rsyslog_fileformat": ("rfc5424", "its times are ISO 8601 too"),
    "rsyslog_forwardformat": ("rfc5424", "its times are ISO 8601 too"),
    "rsyslog_stdjsonfmt": ("json", "one object a line"),
}


@dataclass(frozen=True, slots=True)
class ResolvedRoute:
    """One way from selector to file. ``destination`` is an index into ``RouteReader.destinations``."""

    selector: Selector
    where: Where | None
    destination: int
    location: Location


class RouteReader:
    """Reads the routes of one configuration. ``routes``, ``destinations`` and ``problems`` fill as it goes."""

    def __init__(self, settings: Settings) -> None:
        self.routes: list[ResolvedRoute] = []
        self.destinations: list[FileOptions] = []
        self.problems: list[Problem] = []
        self.included: list[str] = []
        self._settings = settings
        self._document = settings.document
        self._by_path: dict[str, tuple[int, Location]] = {}

    def read(self) -> None:
        for spec in self._settings.routes:
            match spec:
                case LineRoute() | BlockRoute():
                    self._lines(spec.text, spec.location)
                case IncludeRoute():
                    self._include(spec)
                case MappingRoute():
                    self._mapping(spec)

    def _include(self, spec: IncludeRoute) -> None:
        text, problem = read_text(spec.file)
        if text is None:
            assert problem is not None
            self._problem(spec.location, f"{spec.file}: {problem.message}", problem.id, problem.hint)
            return
        self.included.append(text)
        self._lines(text, Location(spec.file))

    def _lines(self, text: str, start: Location) -> None:
        lines, problems = parse_lines(text, start.file, start.line, start.column)
        self.problems += problems
        for line in lines:
            self._doubt(line.selector, line.location)
            options = self._file(line)
            if options is not None:
                self._add(line.selector, None, options, line.location, line.action.location)

    def _file(self, line: ConfLine) -> FileOptions | None:
        name = line.format or "traditional"
        place = line.format_location or line.action.location
        if not self._format_exists(name, place):
            self._path_is_good(line.action.path, line.action.location)
            return None
        return FileOptions(file=line.action.path, format=name)

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
            return compile_where(spec)
        except WhereError as first:
            for error in (first, *first.others):
                place = self._document.location((*path, *error.path), key=True)
                self._problem(place, str(error), "where", error.hint)
            return None

    def _target(self, target: ActionSpec | ComponentSpec) -> Iterator[tuple[FileOptions, Location]]:
        if isinstance(target, ActionSpec):
            prefix = "*.* "  # an action alone is read as the end of a line
            start = target.location
            lines, problems = parse_lines(prefix + target.text, start.file, start.line, start.column - len(prefix))
            self.problems += problems
            for line in lines:
                options = self._file(line)
                if options is not None:
                    yield options, line.action.location
            return
        found, problems = component(target, sink_class(target.kind).Options, self._document)
        self.problems += problems
        name = target.options.get("format", "traditional")
        known = isinstance(name, str) and self._format_exists(name, self._document.location((*target.path, "format")))
        at = self._document.block_start((*target.path, target.kind))
        if found is not None and known:
            yield found, at
        elif isinstance(target.target, str):
            self._path_is_good(target.target, at)

    def _format_exists(self, name: str, place: Location) -> bool:
        known = (*FORMATS, *self._settings.templates)
        if name in known:
            return True
        same = _OF_RSYSLOG.get(name.lower())
        hint = f'write "{same[0]}": {same[1]}' if same else did_you_mean(name, known)
        hint = hint or f"formats are {', '.join(FORMATS)} and your templates"
        self._problem(place, f'unknown format "{name}"', "format", hint)
        return False

    def _doubt(self, selector: Selector | None, location: Location) -> None:
        """Warn of a selector that can be read, but hardly means what it says."""
        if selector is None:
            return
        if not selector.pris():
            self._problem(location, f'"{selector.text}" selects nothing', "empty-selector", None, level="warning")
        for number, facility in odd_facilities(selector.text):
            message = f"facility number {number} is read as {facility << 3}, {FACILITIES[facility]}"
            hint = "a facility number is 8 × its code: 16 is mail"
            self._problem(location, message, "facility-number", hint, level="warning")

    def _add(
        self, selector: Selector | None, where: Where | None, options: FileOptions, location: Location, at: Location
    ) -> None:
        if not self._path_is_good(options.file, at):
            return
        place = same_file(options.file)
        known = self._by_path.get(place)
        if known is None:
            known = self._by_path[place] = (len(self.destinations), at)
            self.destinations.append(options)
        elif self.destinations[known[0]] != options.model_copy(update={"file": self.destinations[known[0]].file}):
            self._problem(
                at,
                f"{options.file} is written in another way at {known[1]}",
                "two-ways",
                "one file has one format and one set of options",
            )
        if selector is not None:
            self.routes.append(ResolvedRoute(selector, where, known[0], location))

    def _path_is_good(self, path: str, at: Location) -> bool:
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


def same_file(path: str) -> str:
    """One text for all ways to write a path: ``./o``, ``././o`` and ``o``. What stands in ``{{ }}`` is left alone."""
    fixed = path.partition("{")[0]
    folder = path if fixed == path else fixed[: fixed.rfind("/") + 1]
    written = re.sub("^//", "/", os.path.normpath(folder))
    return written if folder == path else os.path.join(written, path[len(folder) :])
