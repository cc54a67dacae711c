"""
What is to be checked: the rules of a configuration, or those of files that are named, and how messages are read.

Files can be checked where there is no configuration. Then nothing is known of destinations that rules call by name, so
any name will do, and which ones there are is told.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from collector.actions.destinations import Destination, Destinations
from collector.config.document import Document, Path, parse_document
from collector.config.load import load_settings
from collector.config.problems import Location, Problem, quote
from collector.config.settings import Settings
from collector.protocol.charset import Charsets
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.load import SetSpec, load_rules
from collector.rules.reading import Destinations as Readable
from collector.rules.rule import RuleBook
from collector.service import places
from collector.service.local_zone import local_zone
from collector.service.rules_files import read_rule_files, rules_of, without_collection
from collector.service.rules_use import unsent
from collector.sinks import SINKS
from collector.sources import SOURCES

_NOWHERE = "(no configuration)"
_ANY_SERVER = {"server": "localhost:25", "from": "collector@localhost"}
"""Without a configuration, that it names no mail server is no mistake of a rule."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``book`` is None where rules cannot be read. ``destinations`` are those that are known, by label."""

    book: RuleBook | None
    problems: list[Problem]
    destinations: Mapping[str, Destination]
    interpreter: Interpreter
    normaliser: Normaliser
    max_message: int


def subject_of(paths: Sequence[str], config: str | None, zone: tzinfo | None) -> Subject:
    """
    ``config`` is a configuration that was asked for; else the usual one is taken where it exists. Without ``paths`` its
    own rules are meant. ``zone`` is that of stamps which name none.
    """
    settings, problems = _settings(config, needed=not paths)
    alone = settings is None
    if settings is None:
        settings = _no_settings()
    zone = zone or settings.timezone.default or local_zone()
    known = Destinations(settings)
    destinations: Readable = _AnyName(known) if alone else known
    book: RuleBook | None = None
    found: list[Problem] = []
    if paths:
        book, found = _rules(paths, settings, destinations, zone)
    elif not alone:
        book, found, _ = rules_of(settings, destinations, zone)
    problems = [*problems, *known.problems, *found, *(unsent(book, settings) if book else ())]
    charsets = {str(host): name for host, name in settings.charset.hosts.items()}
    zones = {str(host): name for host, name in settings.timezone.hosts.items()}
    return Subject(
        book=book,
        problems=problems,
        destinations=known.by_label,
        interpreter=Interpreter(zone, HostMap(zones), None),
        normaliser=Normaliser(Charsets(settings.charset.fallback), HostMap(charsets)),
        max_message=settings.max_message,
    )


def _settings(config: str | None, *, needed: bool) -> tuple[Settings | None, list[Problem]]:
    path = config or places.config_file()
    if config is None and not needed and not os.path.exists(path):
        return None, []
    settings, problems = load_settings(path, source_kinds=SOURCES, sink_kinds=SINKS)
    return settings, [problem for problem in problems if problem.level == "error"]  # the rest is for check-config


def _no_settings() -> Settings:
    document, _ = parse_document("sources: []", _NOWHERE)
    return Settings.model_validate({"sources": (), "mail": _ANY_SERVER}, context=document)


def _rules(
    paths: Sequence[str], settings: Settings, destinations: Readable, zone: tzinfo
) -> tuple[RuleBook | None, list[Problem]]:
    document = settings.document
    sets = [
        SetSpec(one.name, one.ordered, document.location(("sets", number, "name")))
        for number, one in enumerate(settings.sets)
    ]
    with without_collection():
        files = read_rule_files([(path, Location(path)) for path in paths], "", needed=True)
        book, found = load_rules(files.documents, sets, destinations, zone)
    problems = files.problems + found
    if isinstance(destinations, _AnyName):
        problems += destinations.told(files.documents)
    return (None if any(problem.level == "error" for problem in problems) else book), problems


class _Everything(Collection[str]):
    """Any name is in it; ``asked`` are those that were looked for."""

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self.asked[name] = None
        return isinstance(name, str)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _AnyName:
    """Destinations where there is no configuration that could name any."""

    def __init__(self, known: Destinations) -> None:
        self.names = _Everything()
        self._known = known

    def read(
        self, item: Mapping[str, Any], document: Document, path: Path, names: Collection[str]
    ) -> tuple[str | None, list[Problem]]:
        return self._known.read(item, document, path, names)

    def told(self, documents: Sequence[Document]) -> Iterator[Problem]:
        """In one sentence, at the place of the first."""
        places: dict[str, Location] = {}
        for name, place in _named(documents):
            if name in self.names.asked:
                places.setdefault(name, place)
        if places:
            message = f"without a configuration nothing is known of these destinations: {', '.join(map(quote, places))}"
            hint = "name the configuration with --config F"
            yield Problem(next(iter(places.values())), message, "unknown-destination", hint, "info")


def _named(documents: Sequence[Document]) -> Iterator[tuple[str, Location]]:
    """The destinations that rules call by name; their files have been judged elsewhere."""
    for document in documents:
        whole: Any = document.data
        path: Path = ("rules",) if isinstance(whole, Mapping) else ()
        rules = whole.get("rules") if isinstance(whole, Mapping) else whole
        for number, rule in enumerate(rules if isinstance(rules, list) else ()):
            do = rule.get("do") if isinstance(rule, Mapping) else None
            if isinstance(do, str):
                yield do, document.location((*path, number, "do"))
            for place, one in enumerate(do if isinstance(do, list) else ()):
                if isinstance(one, str):
                    yield one, document.location((*path, number, "do", place))
