"""What would be done about an alert: each destination, with its templates filled in. Nothing is."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from collector.actions.destinations import Destination
from collector.actions.message import Message
from collector.actions.options import TemplateText
from collector.errors import CollectorError
from collector.rules.alert import Alert
from collector.sinks.paths import PathTemplate
from collector.templates import compile_template


def deeds(alert: Alert, destinations: Mapping[str, Destination], zone: tzinfo) -> list[dict[str, Any]]:
    """As JSON. ``where`` is None for a destination of which nothing is known but its name."""
    message = Message(alert.as_json(), alert.captures, zone)
    return [_deed(label, destinations.get(label), message) for label in alert.destinations]


def _deed(label: str, destination: Destination | None, message: Message) -> dict[str, Any]:
    if destination is None:
        return {"destination": label, "kind": None, "where": None, "texts": {}}
    texts: dict[str, Any] = {}
    for template in destination.options.templates():
        name, *steps = template.path
        text = _filled(template, destination, message)
        if steps and isinstance(steps[0], int):
            texts.setdefault(str(name), []).append(text)
        else:
            texts[".".join(map(str, template.path))] = text
    return {"destination": label, "kind": destination.kind, "where": destination.options.label, "texts": texts}


def _filled(template: TemplateText, destination: Destination, message: Message) -> str:
    try:
        compiled = template.compile(template.text, allowed=destination.names)
        if isinstance(compiled, PathTemplate):
            return compiled.path_for(message.values)
        return template.finish(message.fill_or_say(compile_template(template.text, allowed=destination.names)))
    except CollectorError as error:
        return f"[{error}]"
