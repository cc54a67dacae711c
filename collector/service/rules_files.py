"""
The files that ``rules:`` names, read: which they are, what is in them, and what cannot be read.

    rules: [rules/*.yaml, /etc/collector/site.yaml, packs]      relative to the folder of the configuration

``*``, ``?`` and ``[…]`` stand for parts of names, ``**`` for folders at any depth; of a folder, all that ends with
``.yaml`` or ``.yml`` is taken. Hidden files, and copies that editors leave, are no part of it. In the order in which
they are named, and within a pattern in that of their names.
"""

import gc
import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from collector.config.document import Document, parse_document
from collector.config.load import read_text
from collector.config.problems import Location, Problem, quote
from collector.config.settings import Settings
from collector.rules.load import SetSpec, load_rules
from collector.rules.reading import Destinations
from collector.rules.rule import RuleBook
from collector.service.conf_files import is_part
from collector.service.stamp import Stamp, stamp

_WILD = re.compile(r"[*?\[]")
_ENDINGS = (".yaml", ".yml")


@dataclass(slots=True)
class RuleFiles:
    """
    ``documents`` in the order in which their rules count, and what is wrong with their YAML. ``places`` is all that was
    looked at, each with its stamp before that, by which a change can be noticed.
    """

    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, Stamp] = field(default_factory=dict)


def rules_of(
    settings: Settings, destinations: Destinations, zone: tzinfo
) -> tuple[RuleBook | None, list[Problem], dict[str, Stamp]]:
    """The rules of a configuration, or None, everything that is wrong with them, and the places to watch."""
    document = settings.document
    patterns = [(text, document.location(("rules", number))) for number, text in enumerate(settings.rules)]
    sets = [
        SetSpec(one.name, one.ordered, document.location(("sets", number, "name")))
        for number, one in enumerate(settings.sets)
    ]
    with without_collection():
        files = read_rule_files(patterns, os.path.dirname(document.file))
        book, problems = load_rules(files.documents, sets, destinations, zone)
    problems = files.problems + problems
    if any(problem.level == "error" for problem in problems):
        book = None
    return book, problems, files.places


def read_rule_files(patterns: Sequence[tuple[str, Location]], folder: str) -> RuleFiles:
    """The files that patterns name; each pattern with the place where it is written."""
    files, seen = RuleFiles(), set[str]()
    for pattern, place in patterns:
        paths = list(_named(os.path.join(folder, pattern), files))
        if not paths:
            message = f"no file fits {quote(pattern)}"
            hint = f"looked for {os.path.abspath(os.path.join(folder, pattern))}"
            files.problems.append(Problem(place, message, "no-rules", hint, "warning"))
        for path in paths:
            if os.path.realpath(path) not in seen:
                seen.add(os.path.realpath(path))
                _read(path, files)
    return files


def _named(pattern: str, files: RuleFiles) -> Iterator[str]:
    if _WILD.search(pattern):
        # A new file changes the folder that it is put into.
        for folder in {os.path.dirname(pattern), *map(os.path.dirname, glob.glob(pattern, recursive=True))}:
            files.places.setdefault(folder, stamp(folder))
        found = glob.iglob(pattern, recursive=True)
        yield from sorted(path for path in found if not os.path.isdir(path) and is_part(path))
    elif os.path.isdir(pattern):
        files.places.setdefault(pattern, stamp(pattern))
        names = sorted(name for name in os.listdir(pattern) if name.endswith(_ENDINGS) and is_part(name))
        yield from (path for name in names if not os.path.isdir(path := os.path.join(pattern, name)))
    else:
        files.places.setdefault(pattern, stamp(pattern))
        yield from [pattern] if os.path.lexists(pattern) else []


def _read(path: str, files: RuleFiles) -> None:
    files.places.setdefault(path, stamp(path))
    if not os.path.isfile(path) and os.path.exists(path):  # a pipe would be waited for
        files.problems.append(Problem(Location(path), "this is no file with text", "unreadable", "name a regular file"))
        return
    text, problem = read_text(path)
    if text is None:
        files.problems += [problem] if problem else []
        return
    document, problems = parse_document(text, path)
    files.documents += [document] if document else []
    files.problems += [_only_a_warning(problem) if problem.id == "empty" else problem for problem in problems]


def _only_a_warning(problem: Problem) -> Problem:
    """A file whose rules are all commented out harms nobody."""
    return replace(problem, message="there is no rule in this file", id="no-rules", hint=None, level="warning")


@contextmanager
def without_collection() -> Iterator[None]:
    """Half of the time of five thousand rules would go into looking for cycles among a million objects without any."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
