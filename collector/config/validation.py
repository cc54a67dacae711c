"""
Data → a model of options, or Problems in plain words at the place of each mistake.

What pydantic reports is a type of error and a way through the model; the names of union members in that way are no part
of the document and are taken out here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from collector.config.document import Document, Path
from collector.config.options import Options
from collector.config.problems import Location, Problem, did_you_mean, quote
from collector.config.settings import ComponentSpec
from collector.config.wording import Finding, describe

Model = TypeVar("Model", bound=Options)


def validate(
    model: type[Model], data: Mapping[str, Any], document: Document, path: Path
) -> tuple[Model | None, list[Problem]]:
    """The options that ``data`` holds, or everything wrong with them; ``path`` is where they stand in the document."""
    return _Validation(document, path, {}).run(model, data)


def component(spec: ComponentSpec, model: type[Model], document: Document) -> tuple[Model | None, list[Problem]]:
    """The options of one component; its ``target_field`` takes the value of the key that names the kind."""
    target = model.target_field
    problems = []
    if target in spec.options:
        place = document.location((*spec.path, target), key=True)
        hint = f"its value stands after {quote(spec.kind)}"
        problems.append(Problem(place, f"unknown key {quote(target)}", "unknown-key", hint))
    options, found = _Validation(document, spec.path, {target: spec.kind}).run(
        model, {**spec.options, target: spec.target}
    )
    return (None if problems else options), problems + found


@dataclass(frozen=True)
class _Validation:
    """``names`` maps fields to the keys they have in the document, where these differ."""

    document: Document
    path: Path
    names: Mapping[str, str]

    def run(self, model: type[Model], data: Mapping[str, Any]) -> tuple[Model | None, list[Problem]]:
        try:
            return model.model_validate(data, context=self.document), []
        except ValidationError as error:
            details = error.errors(include_url=False)
        problems = [self._problem(group) for group in _by_place([self._finding(model, data, one) for one in details])]
        return None, sorted(problems, key=lambda problem: (problem.location.line, problem.location.column))

    def _finding(self, model: type[Options], data: Mapping[str, Any], detail: ErrorDetails) -> Finding:
        steps, missing = detail["loc"], detail["type"] == "missing"
        if missing:
            path = _way(data, steps[:-1])
            return Finding(path, f"missing key {quote(self._name((*path, steps[-1])))}", "missing-key")
        path, at_key = _way(data, steps), steps[-1:] == ("[key]",)
        if detail["type"] == "extra_forbidden":
            hint = self._known_keys(model, path)
            return Finding(path, f"unknown key {quote(path[-1])}", "unknown-key", hint, at_key=True)
        return describe(detail, _at(data, path), path, at_key=at_key)

    def _name(self, path: Path) -> str:
        return self.names.get(str(path[0]), str(path[0])) if len(path) == 1 else str(path[-1])

    def _known_keys(self, model: type[Options], path: Path) -> str:
        known = [self._name((name,)) if len(path) == 1 else name for name in _fields(model, path[:-1])]
        return did_you_mean(str(path[-1]), known) or f"known keys: {', '.join(known) or 'none'}"

    def _problem(self, group: list[Finding]) -> Problem:
        """Of several members of a union the one that took the kind of value speaks, else all of them together."""
        first = next((finding for finding in group if not finding.wanted), group[0])
        message = first.message
        if first.wanted:
            message = f"{first.shown} is not {' or '.join(dict.fromkeys(finding.wanted for finding in group))}"
        return Problem(self._location(first), message, first.id, first.hint)

    def _location(self, finding: Finding) -> Location:
        path = finding.path
        if path:
            path = (self._name(path[:1]), *path[1:])
        return self.document.location((*self.path, *path), key=finding.at_key)


def _way(data: Any, steps: tuple[str | int, ...]) -> Path:
    """
    The steps that lead through the data, the names of union members left out.

    Such a name can be a key of the data too, so the way that uses up the last step, and then the longest, is taken.
    """
    best: Path = ()
    for index, step in enumerate(steps):
        if not _has(data, step):
            continue
        way = (step, *_way(data[step], steps[index + 1 :]))
        if _rank(way, steps) > _rank(best, steps):
            best = way
    return best


def _rank(way: Path, steps: tuple[str | int, ...]) -> tuple[bool, int]:
    return way[-1:] == steps[-1:], len(way)


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _by_place(findings: list[Finding]) -> list[list[Finding]]:
    """
    The findings that belong together: what several members of a union say of one value.

    A member that refused a value as a whole is left out where another one looked into it.
    """
    groups: dict[Any, list[Finding]] = {}
    for number, finding in enumerate(findings):
        groups.setdefault((finding.path, finding.at_key) if finding.about_value else number, []).append(finding)
    return [group for group in groups.values() if not (group[0].about_value and _is_shallow(group[0], findings))]


def _is_shallow(finding: Finding, others: list[Finding]) -> bool:
    path = finding.path
    return any(one.path[: len(path)] == path and (len(one.path) > len(path) or not one.about_value) for one in others)


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The keys known at a place inside a model; steps into lists and free mappings keep to the models in them."""
    models = [model]
    for step in path:
        fields = [one.model_fields[str(step)] for one in models if str(step) in one.model_fields]
        if fields:
            models = [found for field in fields for found in _models_in(field.annotation)]
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]
