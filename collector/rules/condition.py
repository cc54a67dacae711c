r"""
Conditions of rules: ``on:``, in the words of ``routing/where.py``, and what a pattern captures becomes a field.

    on: {app_name: sshd, re: 'Failed password for (?P<user>\S+) from (?P<ip>\S+)', not: {ip|cidr: 10.0.0.0/8}}

    condition.match(event)      → {"user": "bob", "ip": "192.0.2.7"}, or None

Parts that read a capture are tried after the part that makes it, wherever they are written. Of several patterns in a
list, or parts of an ``any``, the first that fits gives its captures; with ``all``, every one does, and the later one
where two have the same name. A ``not`` gives none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from collector.config.problems import quote
from collector.errors import together
from collector.protocol.hosts import address_of
from collector.routing.clauses import Clause, ClauseError, Comparison, Every, Negation, OneOf, comparisons, read_clauses
from collector.rules.fields import FIELDS, TAKEN, WORDS, is_known, unknown_hint
from collector.rules.needed import requirement_of
from collector.rules.requirement import Requirement

Captures = dict[str, str]
Check = Callable[["Event", Captures], bool]
"""Whether an event fits; adds what it captures. Where it does not fit, what it has added is of no use."""

Match = Callable[["Event"], Captures | None]


class Event(Protocol):
    """What a condition sees of a message."""

    @property
    def line(self) -> str: ...
    def value(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a condition as ``explain`` shows it: what was asked, what was there, and whether it fits."""

    depth: int
    asked: str
    found: str | None
    fits: bool
    captured: Mapping[str, str]


class Condition:
    """
    Compiled ``on:``. ``fields`` are the names it reads, ``captures`` those it makes, and a row without what
    ``requirement`` asks for cannot fit. ``match(event)`` is what the patterns capture of an event that fits, None for
    one that does not. Pickled as it is written: who loads it compiles it again.
    """

    __slots__ = ("_captured", "_root", "captures", "fields", "match", "requirement", "spec")

    def __init__(self, spec: Mapping[str, Any]) -> None:
        """Raises ClauseError; all that is wrong is in that one's ``others``."""
        self.spec = spec
        root = read_clauses(spec, None)
        leaves = list(comparisons(root))
        captured = frozenset().union(*map(_made, leaves))
        self.captures = _made(root)
        self._captured = captured
        self._root = _Scopes(captured).ordered(root)
        self.fields = frozenset(leaf.field for leaf in leaves if leaf.field not in captured)
        self.requirement: Requirement = requirement_of(self._root, captured)
        self.match = _match(self._root, captured)

    def __reduce__(self) -> tuple[type["Condition"], tuple[Mapping[str, Any]]]:
        return Condition, (self.spec,)

    def trace(self, event: Event) -> list[Step]:
        """Every part of the condition, also those that ``match`` does not come to."""
        steps: list[Step] = []
        _trace(self._root, event, {}, self._captured, 0, steps)
        return steps


class _Scopes:
    """
    Puts parts behind those whose captures they read, and collects the names that nothing gives a value. ``captures``
    are all there are, also in a ``not``, which has them for itself.
    """

    def __init__(self, captures: frozenset[str]) -> None:
        self._captures = captures
        self._errors: list[ClauseError] = []

    def ordered(self, root: Every) -> Clause:
        placed = self._placed(root, frozenset())
        for leaf in comparisons(root):
            self._check_captures(leaf)
        if self._errors:
            raise together(self._errors)
        return placed

    def _placed(self, clause: Clause, visible: frozenset[str]) -> Clause:
        """The same with its parts in their order; ``visible`` are the captures made before it."""
        match clause:
            case Comparison():
                self._check_name(clause, visible)
                return clause
            case Negation():
                return Negation(self._placed(clause.part, visible))
            case OneOf():
                return OneOf(tuple(self._placed(part, visible) for part in clause.parts))
            case Every():
                return self._every(clause, visible)

    def _every(self, clause: Every, visible: frozenset[str]) -> Clause:
        waiting, placed = list(clause.parts), []
        while waiting:
            part = next((part for part in waiting if not self._waits(part, waiting)), waiting[0])
            waiting.remove(part)
            placed.append(self._placed(part, visible))
            visible |= _made(part)
        return placed[0] if len(placed) == 1 else Every(tuple(placed))

    def _waits(self, part: Clause, others: list[Clause]) -> bool:
        """Whether a part reads what another one captures."""
        read = self._captures.intersection(leaf.field for leaf in comparisons(part))
        if read and not isinstance(part, Comparison):
            read -= _made(part)
        return bool(read) and any(not read.isdisjoint(_made(other)) for other in others if other is not part)

    def _check_name(self, leaf: Comparison, visible: frozenset[str]) -> None:
        name = leaf.field
        if is_known(name, visible):
            return
        if name in self._captures:
            message = f"the capture {quote(name)} has no value here"
            hint = "it comes from another alternative, from a not, or from a part that waits for this one"
            self._errors.append(ClauseError(message, leaf.path, hint=hint))
            return
        message = f"unknown field {quote(name)}"
        self._errors.append(ClauseError(message, leaf.path, hint=unknown_hint(name, self._captures)))

    def _check_captures(self, leaf: Comparison) -> None:
        for number, pattern in enumerate(leaf.patterns):
            for name in sorted(pattern.groupindex):
                if name not in TAKEN and name not in WORDS:
                    continue
                path = (*leaf.path, number) if isinstance(leaf.value, list) else leaf.path
                what = "a word of conditions" if name in WORDS else _owner(name)
                self._errors.append(
                    ClauseError(
                        f"a capture cannot be called {quote(name)}: that is {what}",
                        path,
                        hint=f"choose another name, such as (?P<{name}_seen>…)",
                        offset=pattern.pattern.find(f"(?P<{name}>"),
                    )
                )


def _owner(name: str) -> str:
    return "part of every record" if name in FIELDS else "part of every record or alert"


def _made(clause: Clause) -> frozenset[str]:
    """The captures a part gives to what stands beside it."""
    match clause:
        case Comparison():
            return frozenset(name for pattern in clause.patterns for name in pattern.groupindex)
        case Negation():
            return frozenset()
        case _:
            return frozenset().union(*map(_made, clause.parts))


def _match(root: Clause, captured: frozenset[str]) -> Match:
    if isinstance(root, Comparison) and root.field == "line" and len(root.patterns) == 1 and captured:
        return _match_of_pattern(root.patterns[0])
    check = _check(root, captured)

    def match(event: Event) -> Captures | None:
        captures: Captures = {}
        return captures if check(event, captures) else None

    return match


def _match_of_pattern(pattern: re.Pattern[str]) -> Match:
    """The shortest way for what most rules are: one pattern, and nothing else."""
    search = pattern.search

    def match(event: Event) -> Captures | None:
        found = search(event.line)
        return None if found is None else _named(found)

    return match


def _named(found: re.Match[str]) -> Captures:
    """What the groups hold; those that had no part in it are left out."""
    captures = found.groupdict()
    if None in captures.values():
        return {name: value for name, value in captures.items() if value is not None}
    return captures


def _check(clause: Clause, captured: frozenset[str]) -> Check:
    match clause:
        case Comparison():
            return _comparison(clause, captured)
        case Negation():
            return _negation(_check(clause.part, captured))
        case OneOf() if _made(clause):
            return _one_of_capturing([_check(part, captured) for part in clause.parts])
    checks = [_check(part, captured) for part in clause.parts]
    if isinstance(clause, Every):
        return _every(checks)
    return lambda event, captures: any(check(event, captures) for check in checks)


def _every(checks: list[Check]) -> Check:
    if len(checks) == 2:  # nearly every rule
        first, second = checks
        return lambda event, captures: first(event, captures) and second(event, captures)
    return lambda event, captures: all(check(event, captures) for check in checks)


def _negation(inner: Check) -> Check:
    return lambda event, captures: not inner(event, dict(captures))


def _one_of_capturing(checks: list[Check]) -> Check:
    """An alternative that fails half-way leaves no captures behind."""

    def check(event: Event, captures: Captures) -> bool:
        for one in checks:
            tried = dict(captures)
            if one(event, tried):
                captures.update(tried)
                return True
        return False

    return check


def _comparison(leaf: Comparison, captured: frozenset[str]) -> Check:
    found_in, accepts, absent = _getter(leaf.field, captured), leaf.accepts, leaf.absent
    if any(pattern.groupindex for pattern in leaf.patterns):
        return _capturing(leaf, captured)

    def check(event: Event, captures: Captures) -> bool:
        found = found_in(event, captures)
        return absent if found is None else accepts(found)

    return check


def _capturing(leaf: Comparison, captured: frozenset[str]) -> Check:
    found_in, patterns, each, peer = _getter(leaf.field, captured), leaf.patterns, leaf.each, leaf.field == "peer"

    def check(event: Event, captures: Captures) -> bool:
        text = found_in(event, captures)
        if text is None:
            return False
        for pattern in patterns:
            found = pattern.search(text) or (pattern.search(address_of(text)) if peer else None)
            if found is not None:
                captures.update(_named(found))
            if (found is None) is each:
                return not each
        return each

    return check


def _getter(name: str, captured: frozenset[str]) -> Callable[[Event, Captures], str | None]:
    """Fields are looked for in what the rule has captured, then in the record, then in its payload."""
    if name == "line":
        return lambda event, _: event.line

    def value(event: Event, _: Captures) -> str | None:
        found = event.value(name)
        return found if found is None or type(found) is str else str(found)

    if name not in captured:
        return value
    return lambda event, captures: captures[name] if name in captures else value(event, captures)


def _trace(
    clause: Clause, event: Event, captures: Captures, captured: frozenset[str], depth: int, steps: list[Step]
) -> bool:
    if isinstance(clause, Comparison):
        return _trace_comparison(clause, event, captures, captured, depth, steps)
    place = len(steps)
    if isinstance(clause, Negation):
        fits = not _trace(clause.part, event, dict(captures), captured, depth + 1, steps)
        steps.insert(place, Step(depth, "not", None, fits, {}))
        return fits
    fitting = []
    for number, part in enumerate(clause.parts, 1):
        tried, begin = dict(captures), len(steps)
        fitting.append(_trace(part, event, tried, captured, depth + 1, steps))
        if isinstance(clause, OneOf) and isinstance(part, Every):
            steps[begin] = replace(steps[begin], asked=f"alternative {number}")
        if fitting[-1] and (isinstance(clause, Every) or sum(fitting) == 1):
            captures.update(tried)
    fits = all(fitting) if isinstance(clause, Every) else any(fitting)
    steps.insert(place, Step(depth, "all" if isinstance(clause, Every) else "any", None, fits, {}))
    return fits


def _trace_comparison(
    leaf: Comparison, event: Event, captures: Captures, captured: frozenset[str], depth: int, steps: list[Step]
) -> bool:
    found = _getter(leaf.field, captured)(event, captures)
    made = dict(captures)
    fits = _comparison(leaf, captured)(event, made)
    new = {name: value for name, value in made.items() if captures.get(name) != value} if fits else {}
    captures.update(new)
    steps.append(Step(depth, f"{leaf.key}: {_shown(leaf.value)}", found, fits, new))
    return fits


def _shown(value: Any) -> str:
    return f"[{', '.join(map(_shown, value))}]" if isinstance(value, list) else str(value)
