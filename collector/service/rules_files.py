"""
The files that ``rules:`` names, read: which they are, what is in them, and what cannot be read.

    rules: [rules/*.yaml, /etc/collector/site.yaml, packs]      relative to the folder of the configuration

``*``, ``?`` and ``[…]`` stand for parts of names, ``**`` for folders at any depth; of a folder, all that ends with
``.yaml`` or ``.yml`` is taken. Hidden files, and copies that editors leave, are no part of it. In the order in which
they are named, and within a pattern in that of their names.

A folder that is gone or cannot be looked into is an error, whatever the pattern: else a slip of the hand with rights
or names would take the rules away. A folder in which nothing fits is none: somebody may have wanted that.
"""

import gc
import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Literal

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


def read_rule_files(patterns: Sequence[tuple[str, Location]], folder: str, *, needed: bool = False) -> RuleFiles:
    """The files that patterns name, each with the place where it is written. ``needed``: each has to fit some file."""
    files, seen = RuleFiles(), set[str]()
    for pattern, place in patterns:
        whole = os.path.join(folder, pattern)
        paths = list(_named(whole, files))
        obstacles = list(_obstacles(whole))
        for message, hint in obstacles:
            whose = "" if place.file == pattern else f"{quote(pattern)}: "
            files.problems.append(Problem(place, f"{whose}{message}", "unreadable", hint))
        if not paths and not obstacles:
            hint = f"looked for {os.path.abspath(whole)}"
            level: Literal["error", "warning"] = "error" if needed else "warning"
            files.problems.append(Problem(place, f"no file fits {quote(pattern)}", "no-rules", hint, level))
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
        return
    files.places.setdefault(pattern, stamp(pattern))
    if os.path.isdir(pattern):
        names = sorted(name for name in _listed(pattern) if name.endswith(_ENDINGS) and is_part(name))
        yield from (path for name in names if not os.path.isdir(path := os.path.join(pattern, name)))
    elif os.path.isfile(pattern) or os.path.exists(pattern):
        yield pattern


def _obstacles(pattern: str) -> Iterator[tuple[str, str]]:
    """Why it cannot be known which files are meant, and what to do."""
    if not _WILD.search(pattern):
        obstacle = _obstacle(pattern, folder=os.path.isdir(pattern))
        yield from [obstacle] if obstacle else []
        return
    for folder in dict.fromkeys(os.path.abspath(folder) for folder in _searched(pattern)):
        obstacle = _obstacle(folder, folder=True)
        if obstacle:
            yield obstacle


def _searched(pattern: str) -> Iterator[str]:
    """The folders in which the names of a pattern are looked for; the first is there, or should be."""
    steps = pattern.split("/")
    wild = [place for place, step in enumerate(steps) if _WILD.search(step)]
    yield "/".join(steps[: wild[0]]) or ("/" if pattern.startswith("/") else ".")
    for place in wild:
        above = "/".join(steps[:place])
        if _WILD.search(above):
            yield from sorted(glob.iglob(f"{above}/", recursive=True))
        if steps[place] == "**":
            yield from sorted(glob.iglob(os.path.join(above, "*", "**", ""), recursive=True))


def _obstacle(path: str, *, folder: bool) -> tuple[str, str] | None:
    path = os.path.abspath(path)
    try:
        os.stat(path)
        if folder:
            os.scandir(path).close()
    except FileNotFoundError:
        hint = f"looked for {path}; put it there, or take it out of what is to be read"
        return ("there is no such folder" if folder else "no such file or folder"), hint
    except NotADirectoryError:
        return f"a part of {path} is no folder", "check how it is written"
    except PermissionError:
        shut = path if folder and os.access(os.path.dirname(path), os.X_OK) else _shut(path)
        return f"no permission to read the folder {shut}", "let the user that runs this program read and enter it"
    except (OSError, ValueError) as error:
        return f"it cannot be read: {getattr(error, 'strerror', None) or error}", f"look at {path}"
    return None


def _shut(path: str) -> str:
    """The folder on the way to it that lets nobody of us through."""
    while (path := os.path.dirname(path)) != "/" and not os.path.exists(path):
        pass
    return path


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []  # ``_obstacle`` says why


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
