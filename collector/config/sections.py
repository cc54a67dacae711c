"""The sections ``sources`` and ``routes``: lists whose items name a component, a file, or are lines of syslog.conf."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import Field

from collector.config.document import Document, Path
from collector.config.options import FilePath, Options
from collector.config.problems import Problem, did_you_mean, nearest, quote
from collector.config.settings import (
    ActionSpec,
    BlockRoute,
    ComponentSpec,
    IncludeRoute,
    LineRoute,
    MappingRoute,
    RouteSpec,
)
from collector.config.validation import validate

_ROUTE_HINT = (
    'write a line "local0.debug  /var/log/windows", or {include: FILE}, or {select: "*.info", to: /var/log/messages}'
)
_FOLD_HINT = 'write "|" after the colon and the lines below it, indented'


class IncludeOptions(Options):
    """A file of syslog.conf lines."""

    include: FilePath
    """The file, as an old /etc/syslog.conf."""


class RouteOptions(Options):
    """A selector, further conditions, and where the messages go."""

    select: str
    """A selector as in syslog.conf: "*.info;mail.none"."""

    where: dict[str, Any] = Field(default_factory=dict)
    """Conditions on fields, such as {hostname: "dc*"}."""

    to: Any
    """A destination or a list of them."""


class SectionReader:
    """
    Reads the sections of one document; what is wrong collects in ``problems``.

    What is good comes back even so, without what stands on a line that is no YAML: it was told already.
    """

    def __init__(self, document: Document, *, source_kinds: Collection[str], sink_kinds: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._source_kinds = source_kinds
        self._sink_kinds = sink_kinds

    def sources(self) -> tuple[ComponentSpec, ...]:
        items = self._document.data.get("sources")
        if "sources" not in self._document.data:
            self._problem((), 'missing key "sources"', "missing-key", 'such as sources: [{udp: "0.0.0.0:514"}]')
            return ()
        if not isinstance(items, list) or not items:
            what = "an empty list" if items == [] else quote(items)
            self._problem(("sources",), f"{what} is not a list of sources", "bad-value", 'such as - udp: "0.0.0.0:514"')
            return ()
        specs = [self._component(item, ("sources", i), "source", self._source_kinds) for i, item in enumerate(items)]
        return tuple(spec for spec in specs if spec and not self._document.is_misread(spec.path))

    def routes(self) -> tuple[RouteSpec, ...]:
        items = self._document.data.get("routes")
        if "routes" not in self._document.data or items == []:
            message = "no routes: everything received is counted and thrown away"
            hint = 'such as routes: ["*.info  /var/log/messages"]'
            place = self._document.location(("routes",))
            self.problems.append(Problem(place, message, "no-routes", hint, "warning"))
            return ()
        if isinstance(items, str):
            return self._lines(items, ("routes",))
        if not isinstance(items, list):
            self._problem(("routes",), f"{quote(items)} is not a list of routes", "bad-value", _ROUTE_HINT)
            return ()
        found = {("routes", i): self._route(item, ("routes", i)) for i, item in enumerate(items)}
        return tuple(spec for path, specs in found.items() for spec in specs if not self._document.is_misread(path))

    def _route(self, item: Any, path: Path) -> tuple[RouteSpec, ...]:
        if isinstance(item, str):
            return self._lines(item, path)
        if not isinstance(item, Mapping):
            self._problem(path, f"{quote(item)} is not a route", "bad-value", _ROUTE_HINT)
            return ()
        if "include" in item:
            return self._include(item, path)
        if {"select", "to", "where"} & item.keys():
            return self._mapping(item, path)
        known = next((did_you_mean(key, ("select", "where", "to", "include")) for key in item), None)
        hint = known or 'a line that contains ": " must be quoted; a destination stands after "to:"'
        self._problem(path, "neither a syslog.conf line nor a route with select: and to:", "bad-value", hint)
        return ()

    def _lines(self, text: str, path: Path) -> tuple[RouteSpec, ...]:
        if self._document.is_folded(path):
            self._problem(path, "YAML joins these lines into one", "bad-value", _FOLD_HINT)
            return ()
        location = self._document.block_start(path)
        return (BlockRoute(text, location) if self._document.is_block(path) else LineRoute(text, location),)

    def _include(self, item: Mapping[str, Any], path: Path) -> tuple[RouteSpec, ...]:
        options, problems = validate(IncludeOptions, item, self._document, path)
        self.problems += problems
        return (IncludeRoute(options.include, self._document.location((*path, "include"))),) if options else ()

    def _mapping(self, item: Mapping[str, Any], path: Path) -> tuple[RouteSpec, ...]:
        options, problems = validate(RouteOptions, item, self._document, path)
        self.problems += problems
        targets = self._targets(item["to"], (*path, "to")) if "to" in item else ()
        return (MappingRoute(options.select, options.where, targets, path),) if options else ()

    def _targets(self, value: Any, path: Path) -> tuple[ActionSpec | ComponentSpec, ...]:
        if not isinstance(value, list):
            value, paths = [value], [path]
        else:
            paths = [(*path, index) for index in range(len(value))]
        if not value:
            self._problem(path, "an empty list of destinations", "bad-value", "such as to: /var/log/messages")
        targets = [self._target(item, place) for item, place in zip(value, paths, strict=True)]
        return tuple(target for target in targets if target)

    def _target(self, item: Any, path: Path) -> ActionSpec | ComponentSpec | None:
        if isinstance(item, str) and item.strip():
            return ActionSpec(item, self._document.block_start(path))
        return self._component(item, path, "destination", self._sink_kinds)

    def _component(self, item: Any, path: Path, noun: str, kinds: Collection[str]) -> ComponentSpec | None:
        spec, problems = read_component(item, self._document, path, noun, kinds)
        self.problems += problems
        return spec

    def _problem(self, path: Path, message: str, identifier: str, hint: str) -> None:
        self.problems.append(Problem(self._document.location(path), message, identifier, hint))


def read_component(
    item: Any, document: Document, path: Path, noun: str, kinds: Collection[str]
) -> tuple[ComponentSpec | None, list[Problem]]:
    """A mapping of which one key names the kind, such as ``{udp: 0.0.0.0:514, receive_buffer: 32MiB}``."""
    if not isinstance(item, Mapping) or not item:
        hint = f"a mapping whose key names its kind: {', '.join(sorted(kinds))}"
        message = f"{quote(item) if item else 'an empty value'} is not a {noun}"
        return None, [Problem(document.location(path), message, "bad-value", hint)]
    found = [key for key in item if key in kinds]
    if not found:
        return None, [_unknown_kind(item, document, path, noun, kinds)]
    kind = found[0]
    if len(found) > 1:
        hint = f"a {noun} has one kind" + (': begin another item with "- "' if isinstance(path[-1], int) else "")
        message = f"{quote(kind)} and {quote(found[1])} in one {noun}"
        return None, [Problem(document.location((*path, found[1]), key=True), message, "two-kinds", hint)]
    return ComponentSpec(kind, item[kind], {key: item[key] for key in item if key != kind}, path), []


def _unknown_kind(
    item: Mapping[str, Any], document: Document, path: Path, noun: str, kinds: Collection[str]
) -> Problem:
    """Told at the key that looks most like a kind, else at the first."""
    key = next((key for key in item if nearest(key, kinds)), next(iter(item)))
    hint = did_you_mean(key, kinds) or f"its key is one of: {', '.join(sorted(kinds))}"
    place = document.location((*path, key), key=True)
    return Problem(place, f"unknown kind of {noun} {quote(key)}", "unknown-kind", hint)
