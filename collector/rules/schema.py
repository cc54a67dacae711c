"""The JSON Schema of rule files (draft 2020-12), for editors: made from the models that read them, never stricter."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from collector.config.options import Options
from collector.config.schema import DIALECT, Schema, SchemaGenerator, component_schema, name_of, used_definitions
from collector.config.settings import RuleSetOptions
from collector.rules.kinds import KINDS, kind_class

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_CONDITIONS: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/condition"}}
_CONDITION: Schema = {
    "type": "object",
    "description": "Fields with their modifiers after |, and their values; or re and text, which search the line.",
    "minProperties": 1,
    "properties": {"any": _CONDITIONS, "all": _CONDITIONS, "not": {"$ref": "#/$defs/condition"}},
    "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "minItems": 1, "items": _SCALAR}]},
}
_DESTINATION = {"$ref": "#/$defs/destination"}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_LINES: Schema = {"type": "string", "description": "A block of lines after |."}


def rules_schema(actions: Mapping[str, type[Options]]) -> Schema:
    """The schema of a file of rules, given the options of every kind of destination."""
    kinds = {kind: kind_class(kind).Options for kind in KINDS}
    models: list[type[Options]] = list(dict.fromkeys([*kinds.values(), RuleSetOptions, *actions.values()]))
    inputs: list[tuple[type[Options], JsonSchemaMode]] = [(model, "validation") for model in models]
    references, document = models_json_schema(inputs, schema_generator=SchemaGenerator)
    definitions: dict[str, Schema] = document["$defs"]
    by_model = {model: definitions[name_of(references[model, "validation"])] for model in models}
    for model in kinds.values():
        _insert_blocks(by_model[model]["properties"])
    definitions["SampleOptions"]["properties"]["lines"] = _or(definitions["SampleOptions"], "lines", _LINES)
    definitions |= {
        "condition": _CONDITION,
        "destination": {
            "anyOf": [
                {"type": "string", "description": "The name of a destination."},
                *(component_schema(kind, model, by_model) for kind, model in actions.items()),
            ]
        },
        "rules": {"type": "array", "items": {"anyOf": [references[model, "validation"] for model in kinds.values()]}},
    }
    whole: Schema = {
        "type": "object",
        "properties": {
            "rules": {"$ref": "#/$defs/rules"},
            "sets": {"type": "array", "items": references[RuleSetOptions, "validation"]},
        },
        "additionalProperties": False,
    }
    root = {"anyOf": [whole, {"$ref": "#/$defs/rules"}]}
    used = used_definitions(root, definitions)
    return {"$schema": DIALECT, "title": "rules", **root, "$defs": {name: definitions[name] for name in used}}


def _insert_blocks(rule: dict[str, Schema]) -> None:
    """What the models leave open, because it is read elsewhere."""
    rule["on"] |= {"$ref": "#/$defs/condition"}
    rule["do"] = {
        "description": rule["do"]["description"],
        "anyOf": [_DESTINATION, {"type": "array", "minItems": 1, "items": _DESTINATION}],
    }
    if "count" in rule:
        rule["count"] = _or({"properties": rule}, "count", _NUMBER)


def _or(model: Schema, key: str, other: Schema) -> Schema:
    """A property that may also be written in another way."""
    known: dict[str, Any] = dict(model["properties"][key])
    described = {"description": known.pop("description")} if "description" in known else {}
    return {**described, "anyOf": [known, other]}
