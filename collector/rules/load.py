"""
Rule files → a RuleBook, or everything that is wrong with them in one go.

    book, problems = load_rules(documents, sets=(), destinations=destinations)

A file is a mapping with ``rules``, and ``sets`` where it needs some, or just a list of rules:

    sets:
      - {name: console-filter, ordered: true}
    rules:
      - id: firewall-loop
        kind: match
        set: console-filter
        on: {EventID: 861}

Rules are numbered in the order of the files and in each from top to bottom.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from collector.config.document import Document, Path
from collector.config.problems import Location, Problem, did_you_mean, quote
from collector.config.settings import RuleSetOptions
from collector.config.validation import validate
from collector.rules.hints import with_example
from collector.rules.links import check_links
from collector.rules.reading import Around, Destinations, Draft, read_rule
from collector.rules.rule import Rule, RuleBook, RuleSet

_KEYS = ("rules", "sets")
_HINT = 'write "rules:", and below it each rule after "- "'


@dataclass(frozen=True, slots=True)
class SetSpec:
    """A set of rules, and where it is declared."""

    name: str
    ordered: bool
    location: Location


def load_rules(
    documents: Sequence[Document], sets: Sequence[SetSpec], destinations: Destinations, zone: tzinfo = UTC
) -> tuple[RuleBook | None, list[Problem]]:
    """
    The rules of all files, or None and why not. Warnings may come with a book.

    ``sets`` are those of the configuration, ``destinations`` what rules may name in ``do``, ``zone`` the time zone of
    texts, and of days and hours that do not name theirs.
    """
    problems: list[Problem] = []
    known = _sets([*sets, *_declared(documents, problems)], problems)
    around = Around({spec.name: spec.ordered for spec in known.values()}, destinations, zone)
    items = list(_items(documents, problems))
    ids = _ids(items, problems)
    drafts: list[Draft] = []
    for item in items:
        draft, found = read_rule(*item, around)
        problems += found
        drafts += [draft] if draft else []
    problems += check_links(drafts, ids)
    problems.sort(key=lambda problem: (problem.location.file, problem.location.line, problem.location.column))
    if any(problem.level == "error" for problem in problems):
        return None, problems
    return _book(drafts, known, zone), problems


def _ids(items: Sequence[tuple[Any, Document, Path]], problems: list[Problem]) -> dict[str, Location]:
    """Where each id was given first."""
    ids: dict[str, Location] = {}
    for item, document, path in items:
        name = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            continue
        place = document.location((*path, "id"))
        if name in ids:
            hint = f"the first is at {ids[name]}: give one of them another id"
            problems.append(Problem(place, f"the id {quote(name)} is given twice", "duplicate-id", hint))
        ids.setdefault(name, place)
    return ids


def _declared(documents: Sequence[Document], problems: list[Problem]) -> Iterator[SetSpec]:
    for document in documents:
        sets = document.data.get("sets", []) if isinstance(document.data, Mapping) else []
        if not isinstance(sets, list):
            hint = "such as sets: [{name: console-filter, ordered: true}]"
            place = document.location(("sets",))
            problems.append(Problem(place, f"{quote(sets)} is not a list of sets", "bad-value", hint))
            continue
        for number, item in enumerate(sets):
            yield from _set(item, document, ("sets", number), problems)


def _set(item: Any, document: Document, path: Path, problems: list[Problem]) -> Iterator[SetSpec]:
    if not isinstance(item, Mapping):
        hint = "such as {name: console-filter, ordered: true}"
        problems.append(Problem(document.location(path), f"{quote(item)} is not a set", "bad-value", hint))
        return
    options, found = validate(RuleSetOptions, item, document, path)
    problems += map(with_example, found)
    name = options.name if options else item.get("name")
    if isinstance(name, str):  # one that is wrong is known, too: its rules are not to be called lost
        yield SetSpec(name, options is None or options.ordered, document.location((*path, "name")))


def _sets(specs: Sequence[SetSpec], problems: list[Problem]) -> dict[str, SetSpec]:
    """By name, in the order in which they are tried."""
    known: dict[str, SetSpec] = {}
    for spec in specs:
        first = known.setdefault(spec.name, spec)
        if first is not spec:
            message = f"the set {quote(spec.name)} is declared twice"
            hint = f"the first is at {first.location}: keep one of them"
            problems.append(Problem(spec.location, message, "duplicate-set", hint))
    return known


def _items(documents: Sequence[Document], problems: list[Problem]) -> Iterator[tuple[Any, Document, Path]]:
    """Every rule as written, with its file and place."""
    for document in documents:
        data: Any = document.data
        path: Path = ()
        if isinstance(data, Mapping):
            problems += _unknown_keys(data, document)
            data, path = data.get("rules", [] if "sets" in data else None), ("rules",)
            if data is None and "rules" not in document.data:
                continue  # what stands there instead has been told
        if not isinstance(data, list):
            place = document.location(path)
            problems.append(Problem(place, f"{quote(data)} is not a list of rules", "bad-value", _HINT))
            continue
        if not data:
            message = "there is no rule in this file"
            problems.append(Problem(document.location(path), message, "no-rules", None, "warning"))
        yield from ((item, document, (*path, number)) for number, item in enumerate(data))


def _unknown_keys(data: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    if {"id", "on"} & data.keys() and "rules" not in data:
        yield Problem(document.location(()), "one rule is not a list of rules", "bad-value", _HINT)
        return
    for key in data:
        if key in _KEYS:
            continue
        hint = did_you_mean(key, _KEYS) or f"known keys: {', '.join(_KEYS)}"
        yield Problem(document.location((key,), key=True), f"unknown key {quote(key)}", "unknown-key", hint)


def _book(drafts: Sequence[Draft], sets: Mapping[str, SetSpec], zone: tzinfo) -> RuleBook:
    rules = tuple(draft.rule(number) for number, draft in enumerate(drafts))
    members: dict[str, list[Rule]] = {"": [], **{name: [] for name in sets}}
    for rule in rules:
        members[rule.set].append(rule)
    by_set = tuple(
        RuleSet(name, name in sets and sets[name].ordered, tuple(found)) for name, found in members.items() if found
    )
    text = json.dumps([[draft.written for draft in drafts], [(s.name, s.ordered) for s in sets.values()]], default=str)
    return RuleBook(rules, by_set, hashlib.sha256(text.encode()).hexdigest()[:12], zone)
