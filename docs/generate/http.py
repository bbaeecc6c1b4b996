"""Every HTTP route, from the OpenAPI document that the server itself gives at `/openapi.json`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from docs.generate.markdown import code, prose, table
from docs.generate.schema import Schema, fields, resolve, type_of

_HEAD = """# HTTP routes

What a running server says of itself at `/openapi.json`, and shows at `/docs`. Fields that a dialect's clients
send without a meaning here are taken and ignored.
"""


class _Nobody:
    """Stands where speech would come from: a document is made without a server."""

    models = ("gpt-sovits",)

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object) -> Any:
            raise RuntimeError(f"nobody speaks while the documentation is made: {name}")

        return fail


class _Operation(NamedTuple):
    tag: str
    method: str
    path: str
    details: Schema


def openapi() -> Schema:
    """Return what a server says of its routes."""
    return create_app(Service(IngressArgs(), _Nobody(), transport_holds_back=True)).openapi()


def page() -> str:
    """Return the page."""
    document = openapi()
    definitions = document.get("components", {}).get("schemas", {})
    found = sorted(_operations(document), key=lambda one: (one.tag, one.path, one.method))
    parts = [_HEAD]
    for tag, operations in groupby(found, key=lambda one: one.tag):
        parts.append(f"## {tag}\n")
        parts.extend(_describe(one, definitions) for one in operations)
    return "\n".join(parts)


def _operations(document: Schema) -> Iterator[_Operation]:
    for path, operations in document["paths"].items():
        for method, details in operations.items():
            yield _Operation((details.get("tags") or ["Other"])[0], method.upper(), path, details)


def _describe(operation: _Operation, definitions: Schema) -> str:
    parts = [f"### {code(f'{operation.method} {operation.path}')}\n"]
    parts.append(prose(operation.details.get("description") or operation.details.get("summary")) + "\n")
    parameters = operation.details.get("parameters", ())
    parts.append(
        table(("parameter", "in", "type", "meaning"), (_parameter(one, definitions) for one in parameters))
    )
    for media_type, content in operation.details.get("requestBody", {}).get("content", {}).items():
        rows = list(fields(resolve(content.get("schema", {}), definitions), definitions))
        if rows:
            parts.append(f"Body, {code(media_type)}:\n")
            parts.append(table(("field", "type", "default", "meaning"), rows))
    return "\n".join(part for part in parts if part)


def _parameter(parameter: Schema, definitions: Schema) -> tuple[str, str, str, str]:
    schema = parameter.get("schema", {})
    said = parameter.get("description") or schema.get("description", "")
    return code(parameter["name"]), parameter["in"], type_of(schema, definitions), said
