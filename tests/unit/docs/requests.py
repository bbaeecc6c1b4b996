"""Requests as the documentation writes them: curl's options, and the routes of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from docs.generate.http import openapi
from tests.unit.docs.commands import words_of

SERVER = "http://127.0.0.1:8000"
_WITH_VALUE = frozenset(
    {"-H", "-d", "-F", "-o", "-X", "--data", "--header", "--form", "--output", "--request"}
)
_BODIES = ("-d", "--data", "-F", "--form")


class Request(NamedTuple):
    """What a curl command asks for."""

    method: str
    url: str
    data: tuple[str, ...]
    form: tuple[str, ...]
    output: str | None


def curls(script: str) -> Iterator[Request]:
    """Yield the requests of a script to the server that the documentation is about."""
    for words in words_of(script):
        if words[:1] == ["curl"]:
            request = _request(words[1:])
            if request.url.startswith(SERVER):
                yield request


def _request(words: Sequence[str]) -> Request:
    given: dict[str, list[str]] = {}
    rest = iter(words)
    urls = [word for word in rest if not _taken(word, rest, given)]
    assert len(urls) == 1, f"one address is expected in {words}"
    method = "POST" if any(option in given for option in _BODIES) else "GET"
    data = (*given.get("-d", ()), *given.get("--data", ()))
    form = (*given.get("-F", ()), *given.get("--form", ()))
    explicit = given.get("-X", given.get("--request", [method]))
    output = given.get("-o", given.get("--output", [None]))
    return Request(explicit[0], urls[0], data, form, output[0])


def _taken(word: str, rest: Iterator[str], given: dict[str, list[str]]) -> bool:
    """Whether a word is an option; its value is taken from what follows it."""
    if word in _WITH_VALUE:
        given.setdefault(word, []).append(next(rest))
    return word.startswith("-")


def operation_of(request: Request) -> Mapping[str, Any] | None:
    """Return what the server says of a request's route, or None where it has no such."""
    path = urlsplit(request.url).path
    for template, operations in _document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: Mapping[str, Any] | None = operations.get(request.method.lower())
            if found is not None:
                return found
    return None


def unknown_fields(request: Request, operation: Mapping[str, Any]) -> set[str]:
    """Return the names that a request gives in its query or its form, and its route doesn't know."""
    known = {one["name"] for one in operation.get("parameters", ())}
    content = operation.get("requestBody", {}).get("content", {})
    form = set(content.get("multipart/form-data", {}).get("schema", {}).get("properties", ()))
    query = {name for name, _ in parse_qsl(urlsplit(request.url).query)}
    return (query - known) | ({field.partition("=")[0] for field in request.form} - form)


@cache
def _document() -> Mapping[str, Any]:
    return openapi()
