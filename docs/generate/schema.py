"""JSON schemas, as pydantic makes them, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.markdown import code

Schema = Mapping[str, Any]


def resolve(schema: Schema, definitions: Schema) -> Schema:
    """Follow a reference to its definition."""
    reference = schema.get("$ref")
    return definitions[reference.rpartition("/")[2]] if reference else schema


def type_of(schema: Schema, definitions: Schema) -> str:
    """Return what a value may be, in a few words."""
    schema = resolve(schema, definitions)
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        return " or ".join(dict.fromkeys(type_of(one, definitions) for one in alternatives))
    if "enum" in schema:
        return ", ".join(code(value) for value in schema["enum"])
    if "const" in schema:
        return code(schema["const"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}), definitions)}"
    return _bounded(
        schema.get("title", "object") if "properties" in schema else schema.get("type", "any"), schema
    )


def fields(schema: Schema, definitions: Schema) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type, default and meaning of an object's fields."""
    required = set(schema.get("required", ()))
    for name, value in schema.get("properties", {}).items():
        default = "required" if name in required else _default(value)
        yield code(name), type_of(value, definitions), default, value.get("description", "")


def _default(schema: Schema) -> str:
    """Return what a field is when it is left out; what has fields of its own is told where they are."""
    default = schema.get("default")
    if default is None or (isinstance(default, dict | list) and default):
        return ""
    return code(json.dumps(default, ensure_ascii=False))


def _bounded(name: str, schema: Schema) -> str:
    bounds = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "below"),
        ("maxLength", "characters at most:"),
    )
    said = [f"{words} {schema[key]}" for key, words in bounds if key in schema]
    return f"{name} ({', '.join(said)})" if said else str(name)
