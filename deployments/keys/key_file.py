"""The file of keys: what is kept of each, and how the file is read and changed.

keys:
- id: alice
  hash: blake2b:9f86…
  scopes: [speak, voices]
  limits: {requests_per_minute: 60, concurrent_streams: 4}
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from deployments.config import PositiveInt, StrictModel
from tts_core.errors import InvalidConfig

Scope = Literal["speak", "voices", "voices:write", "admin"]
"""`speak` makes speech; `voices` lists voices and models; `voices:write` adds voices, and deletes its own;
`admin` is for everything, whatever is added."""


class KeyLimits(StrictModel):
    """What a key may use of each ingress replica. What isn't stated isn't limited.

    Connections are those for live text, whether or not anything is spoken on them.
    """

    requests_per_minute: PositiveInt | None = None
    characters_per_minute: PositiveInt | None = None
    concurrent_streams: PositiveInt | None = None
    concurrent_connections: PositiveInt | None = None


class Key(StrictModel):
    """One key, without its secret."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    hash: Annotated[str, Field(pattern=r"^blake2b:[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, strict=False)] = ("speak", "voices")
    limits: KeyLimits = KeyLimits()
    created: str = ""

    def allows(self, scope: Scope) -> bool:
        """Whether the key is good for this."""
        return scope in self.scopes or "admin" in self.scopes


class KeyFile(StrictModel):
    """All keys of a server."""

    keys: Annotated[tuple[Key, ...], Field(strict=False)] = ()

    @field_validator("keys")
    @classmethod
    def _ids_are_unique(cls, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        ids = [key.id for key in keys]
        twice = sorted({key_id for key_id in ids if ids.count(key_id) > 1})
        if twice:
            raise ValueError(f"there is more than one key {', '.join(twice)}")
        return keys


def read_keys(path: Path) -> tuple[Key, ...]:
    """Return the keys of a file.

    Raises:
        InvalidConfig: the file can't be read, or holds something else. No hash is repeated in the message.
    """
    try:
        value: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return KeyFile.model_validate(value).keys
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path}: can't be read: {error}", param=str(path)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise InvalidConfig(f"{path}: isn't YAML{line}: {error.problem}", param=str(path)) from None
    except yaml.YAMLError:
        raise InvalidConfig(f"{path}: isn't YAML", param=str(path)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidConfig(f"{path}: {where}: {first['msg']}", param=str(path)) from None


@contextlib.contextmanager
def changing_keys(path: Path) -> Iterator[dict[str, Key]]:
    """Give the keys by id, to be changed, and write them back if all goes well.

    One at a time, and whoever reads meanwhile sees the file before or after, never between. Only the owner
    may read it. A file that isn't there has no keys.

    Raises:
        InvalidConfig: as `read_keys`, or the file can't be written.
    """
    try:
        with path.with_name(f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = {key.id: key for key in read_keys(path)} if path.exists() else {}
            yield keys
            _write(path, tuple(keys.values()))
    except OSError as error:
        raise InvalidConfig(f"{path}: can't be written: {error}", param=str(path)) from error


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    entries = [key.model_dump(mode="json", exclude_defaults=True) for key in keys]
    text = yaml.safe_dump({"keys": entries}, sort_keys=False)
    # mkstemp: for the owner's eyes only, from the first byte on.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
