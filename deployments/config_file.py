"""serve_config.yaml, checked in full before anything starts.

Serve ignores unknown keys at the top, in an application and in a deployment, and YAML lets the last of two
equal keys win. Here both are errors, with the line, and the key that was probably meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from deployments.config import AppArgs
from tts_core.errors import InvalidConfig, MissingDependency

BUILDERS = ("deployments.app:build", "deployments.app.build")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class ConfigFile:
    """A valid file.

    Attributes:
        path: where it lies.
        host: address that HTTP listens on.
        port: port that HTTP listens on.
        apps: arguments of each Polyvox application, by the application's name.
    """

    path: Path
    host: str
    port: int
    apps: dict[str, AppArgs]


def load_config(path: Path) -> ConfigFile:
    """Read a file and check every key of it, against Serve's schema and ours.

    Raises:
        InvalidConfig: the first thing that is wrong, with file, line and key.
        MissingDependency: Ray Serve isn't installed.
    """
    try:
        from ray.serve.schema import ServeDeploySchema
    except ImportError as error:
        raise MissingDependency(
            f"Ray Serve can't be loaded: {error}. Run: pip install 'ray[serve]'"
        ) from error

    document = _Document.read(path)
    document.check_keys(document.value, ServeDeploySchema, ())
    schema = document.validate(document.value, ServeDeploySchema, ())
    http = schema.http_options
    return ConfigFile(path, http.host, http.port, _apps(document))


def load_app_args(path: Path) -> AppArgs:
    """Read a file and return the arguments of its first Polyvox application. Doesn't need Ray.

    Raises:
        InvalidConfig: what is wrong with them, or that there are none.
    """
    document = _Document.read(path)
    for args in _apps(document).values():
        return args
    raise document.error((), f"no application has import_path {BUILDERS[0]}")


def _apps(document: _Document) -> dict[str, AppArgs]:
    apps = {}
    for index, app in enumerate(_list_of_dicts(document.value.get("applications"))):
        if app.get("import_path") in BUILDERS:
            where: KeyPath = ("applications", index, "args")
            args = app.get("args", {})
            document.check_keys(args, AppArgs, where)
            apps[str(app.get("name", "default"))] = document.validate(args, AppArgs, where)
    return apps


def _list_of_dicts(value: Any) -> list[dict[str, Any]]:
    is_good = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return value if is_good else []


@dataclass(frozen=True)
class _Document:
    """A file's content, and where in the file each key stands."""

    path: Path
    value: dict[str, Any]
    lines: dict[KeyPath, int]

    @classmethod
    def read(cls, path: Path) -> _Document:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConfig(f"{path}: can't be read: {error}", param=str(path)) from error
        try:
            node, value = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InvalidConfig(f"{path}: isn't YAML: {_one_line(error)}", param=str(path)) from error
        document = cls(path, value, {})
        if not isinstance(value, dict) or node is None:
            raise document.error((), "expected keys and values, such as `applications:`")
        for where, line in _key_lines(node, ()):
            if where in document.lines:
                raise document.error(where, f"is there twice, here and in line {line}")
            document.lines[where] = line
        return document

    def check_keys(self, value: Any, annotation: Any, where: KeyPath) -> None:
        """Raise for the first key in `value` that no model in `annotation` has."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.check_keys(item, annotation, (*where, index))
        models = list(_models_in(annotation))
        if not isinstance(value, dict) or not models:
            return
        fields = {
            name: field for model in _of_kind(models, value) for name, field in model.model_fields.items()
        }
        for key, item in value.items():
            if key not in fields:
                raise self.error((*where, key), f"is not a known key{_hint(str(key), list(fields))}")
            self.check_keys(item, fields[key].annotation, (*where, key))

    def validate(self, value: Any, model: Any, where: KeyPath) -> Any:
        """Return `value` as a `model`, or raise for pydantic's first finding."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = first["msg"].removeprefix("Value error, ")
            # A union's tag is at fault, but pydantic points to what it should tell apart.
            tag = ("kind",) if first["type"].startswith("union_tag") else ()
            raise self.error(
                (*where, *_within(value, (*first["loc"], *tag))), f"is wrong: {message}"
            ) from error

    def error(self, where: KeyPath, message: str) -> InvalidConfig:
        """Return the error for a key, with the line of it or of what it is missing from."""
        inside = next((where[:end] for end in range(len(where), 0, -1) if where[:end] in self.lines), None)
        place = f"{self.path}:{self.lines[inside]}" if inside else str(self.path)
        key = _spell(where)
        return InvalidConfig(f"{place}: {key} {message}" if key else f"{place}: {message}", param=key or None)


def _key_lines(node: yaml.Node, where: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    """Yield every key and list item with its line, from 1; a key that is there twice comes twice."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*where, index), item.start_mark.line + 1
            yield from _key_lines(item, (*where, index))
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                yield (*where, key.value), key.start_mark.line + 1
                yield from _key_lines(item, (*where, key.value))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation allows, looking into optionals, unions and sequences."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, BaseModel):
            yield annotation
    elif get_origin(annotation) is not dict:
        for part in get_args(annotation):
            yield from _models_in(part)


def _of_kind(models: list[type[BaseModel]], value: dict[str, Any]) -> list[type[BaseModel]]:
    """Narrow a union by the value of `kind`, where its members have one."""
    if "kind" not in value:
        return models
    fitting = [
        model
        for model in models
        if "kind" in model.model_fields and value["kind"] in get_args(model.model_fields["kind"].annotation)
    ]
    return fitting or models


def _within(value: Any, loc: tuple[int | str, ...]) -> Iterator[int | str]:
    """Yield the parts of pydantic's location that are keys of the file: it adds names of union members."""
    for position, part in enumerate(loc):
        is_list = isinstance(value, list) and isinstance(part, int)
        if is_list or (isinstance(value, dict) and part in value):
            value = value[part]
            yield part
        elif position == len(loc) - 1 and isinstance(value, dict):
            yield part


def _hint(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _spell(where: KeyPath) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return "".join(parts).removeprefix(".")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
