"""Keys, clocks and files for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments.keys.key_file import Key, KeyLimits, changing_keys
from deployments.keys.tokens import hash_token, new_token


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def make_key(key_id: str = "alice", token: str | None = None, **limits: Any) -> Key:
    return Key(id=key_id, hash=hash_token(token or new_token(key_id)), limits=KeyLimits(**limits))


def add_key(path: Path, key_id: str, **fields: Any) -> str:
    """Put a key into a file and return its token."""
    token = new_token(key_id)
    with changing_keys(path) as keys:
        keys[key_id] = Key(id=key_id, hash=hash_token(token), **fields)
    return token
