"""Validation by the keywords that our schemas use (JSON Schema 2020-12)."""

import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def accepts(schema, value, root):
    if "$ref" in schema and not accepts(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root):
        return False
    types = schema.get("type", [])
    if types and not any(is_type(value, name) for name in ([types] if isinstance(types, str) else types)):
        return False
    if "anyOf" in schema and not any(accepts(part, value, root) for part in schema["anyOf"]):
        return False
    if not all(accepts(part, value, root) for part in schema.get("allOf", [])):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    checks = {dict: accepts_mapping, list: accepts_list, str: accepts_text, int: accepts_number, float: accepts_number}
    return type(value) not in checks or checks[type(value)](schema, value, root)


def accepts_mapping(schema, value, root):
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    if len(value) < schema.get("minProperties", 0):
        return False
    return set(schema.get("required", [])) <= set(value) and all(
        accepts(known[key], item, root) if key in known else rest is True or (rest and accepts(rest, item, root))
        for key, item in value.items()
    )


def accepts_list(schema, value, root):
    return len(value) >= schema.get("minItems", 0) and all(accepts(schema.get("items", {}), x, root) for x in value)


def accepts_text(schema, value, root):
    return len(value) >= schema.get("minLength", 0) and bool(re.search(schema.get("pattern", ""), value))


def accepts_number(schema, value, root):
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)
