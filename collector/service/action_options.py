"""The actions of syslog.conf lines as options of destinations: the same models that YAML fills."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from collector.config.problems import Location, Problem
from collector.config.wording import describe
from collector.routing.actions import Action
from collector.sinks import sink_class


class ActionOptions:
    """Makes options of actions. What a directive says for many lines is judged at its place, and told once."""

    def __init__(self) -> None:
        self._told: set[Problem] = set()

    def of(self, action: Action) -> tuple[Any, list[Problem]]:
        """The options model of an action, or None and what is wrong."""
        model = sink_class(action.kind).Options
        data = {model.target_field: action.target, **action.options}
        if action.format is not None:
            data["format"] = action.format
        try:
            return model.model_validate(data), []
        except ValidationError as error:
            problems = [self._problem(action, data, detail) for detail in error.errors(include_url=False)]
        fresh = [problem for problem in dict.fromkeys(problems) if problem not in self._told]
        self._told.update(fresh)
        return None, fresh

    def _problem(self, action: Action, data: dict[str, Any], detail: ErrorDetails) -> Problem:
        path = tuple(step for step in detail["loc"] if isinstance(step, str | int))
        value: Any = data
        for step in path:
            value = value[step] if isinstance(value, dict) and step in value else value
        found = describe(detail, value, path, at_key=False)
        return Problem(_place(action, path), found.message, found.id, found.hint)


def _place(action: Action, path: tuple[str | int, ...]) -> Location:
    return action.option_places.get(str(path[0]), action.location) if path else action.location
