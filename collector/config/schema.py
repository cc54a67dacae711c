"""
The JSON Schema of collector.yaml (draft 2020-12), for editors: what may be written, with its descriptions.

It is made from the models that read the file. It can be looser than they are (it cannot know which time zones exist),
never stricter.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from collector.config.options import Options
from collector.config.sections import IncludeOptions, RouteOptions
from collector.config.settings import Dns, Settings, Silence, TimeZones

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_ALONE: dict[str, tuple[type[Options], str]] = {
    "timezone": (TimeZones, "default"), "silent_after": (Silence, "default"), "dns": (Dns, "lookups"),
}  # fmt: skip
"""Sections for which one of their options may stand alone."""

_LINE: Schema = {"type": "string", "description": "A line as in syslog.conf, or a block of them after |."}
_ACTION: Schema = {"type": "string", "description": "An action as in syslog.conf."}


def json_schema(
    sources: Mapping[str, type[Options]], sinks: Mapping[str, type[Options]], actions: Mapping[str, type[Options]]
) -> Schema:
    """The schema of the whole file, given the options of every kind of source, of log and of alert destination."""
    own: list[type[Options]] = [Settings, IncludeOptions, RouteOptions]
    alone = [model for model, _ in _ALONE.values()]
    models: list[type[Options]] = list(
        dict.fromkeys([*own, *alone, *sources.values(), *sinks.values(), *actions.values()])
    )
    inputs: list[tuple[type[Options], JsonSchemaMode]] = [(model, "validation") for model in models]
    references, document = models_json_schema(inputs, schema_generator=SchemaGenerator)
    definitions: dict[str, Schema] = document["$defs"]
    by_model = {model: definitions[name_of(references[model, "validation"])] for model in models}
    settings, include, route = (by_model[model] for model in own)
    for key, (section, name) in _ALONE.items():
        _allow_alone(settings["properties"], key, by_model[section]["properties"][name])
    _insert_sections(settings, include, route)
    definitions["source"] = {"anyOf": [component_schema(kind, model, by_model) for kind, model in sources.items()]}
    definitions["destination"] = {
        "anyOf": [_ACTION, *(component_schema(kind, model, by_model) for kind, model in sinks.items())]
    }
    settings["properties"]["destinations"]["additionalProperties"] = {
        "anyOf": [component_schema(kind, model, by_model) for kind, model in actions.items()]
    }
    used = used_definitions(settings, definitions)
    return {
        "$schema": DIALECT,
        **settings,
        "title": "collector.yaml",
        "$defs": {name: definitions[name] for name in used},
    }


def name_of(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix("#/$defs/")


def used_definitions(settings: Schema, definitions: Mapping[str, Schema]) -> list[str]:
    """The names of the definitions that the settings refer to, at any remove."""
    names: dict[str, None] = {}
    parts: list[Any] = [settings]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            if isinstance(part.get("$ref"), str) and name_of(part) not in names:
                names[name_of(part)] = None
                parts.append(definitions[name_of(part)])
    return sorted(names)


def _allow_alone(settings: Schema, key: str, option: Schema) -> None:
    value = option["anyOf"][0] if {"type": "null"} in option.get("anyOf", ()) else option
    value = {name: part for name, part in value.items() if name not in {"default", "description"}}
    settings[key] = {"anyOf": [settings[key], value]}


def _insert_sections(settings: Schema, include: Schema, route: Schema) -> None:
    destination = {"$ref": "#/$defs/destination"}
    to = {"anyOf": [destination, {"type": "array", "minItems": 1, "items": destination}]}
    route = {**route, "properties": {**route["properties"], "to": route["properties"]["to"] | to}}
    routes = {"anyOf": [{"type": "array", "items": {"anyOf": [_LINE, include, route]}}, _LINE]}
    settings["properties"]["sources"] |= {"minItems": 1, "items": {"$ref": "#/$defs/source"}}
    settings["properties"]["routes"] |= routes


def component_schema(kind: str, model: type[Options], schemas: Mapping[type[Options], Schema]) -> Schema:
    """The schema of a component's options, the field that is its target under the name of its kind."""
    schema, target = schemas[model], model.target_field
    options = {name: option for name, option in schema["properties"].items() if name != target}
    required = [name for name in schema.get("required", []) if name != target]
    properties = {kind: schema["properties"][target], **options}
    return {**schema, "title": kind, "properties": properties, "required": [kind, *required]}


class SchemaGenerator(GenerateJsonSchema):
    """Without titles made from names, and with defaults as they are written in YAML."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        show, default = _writer(schema["schema"]), schema.get("default")
        if show is None or default is None:
            return super().default_schema(schema)
        return {**self.generate_inner(schema["schema"]), "default": show(default)}


def _writer(schema: Any) -> Callable[[Any], str] | None:
    """What writes a value of a ``Written`` type, whatever limits or None are added to it."""
    while "serialization" not in schema and schema["type"] in {"function-after", "nullable"}:
        schema = schema["schema"]
    return schema.get("serialization", {}).get("function") if schema["type"] == "function-plain" else None
