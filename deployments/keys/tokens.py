"""The secrets themselves: how they are made, and what is kept of them.

A token holds 256 random bits, so nobody can go through the possible ones, and a hash that is fast to compute
gives nothing away. A slow one (scrypt, Argon2) is for passwords that people make up: here it would cost
50 ms of CPU a request, and be a way to keep the server busy with keys that aren't.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_PREFIX = "pv"
_PERSON = b"polyvox-api-key"
_NUM_BYTES = 32
_TOKEN = re.compile(r"pv_([a-z0-9-]+)_[0-9a-f]{64}")


def new_token(key_id: str) -> str:
    """Return a new secret. It begins with a fixed prefix and the key's id: one that leaks can be found."""
    return f"{_PREFIX}_{key_id}_{secrets.token_hex(_NUM_BYTES)}"


def id_in(token: str) -> str | None:
    """Return the id that a token claims to belong to; None if it isn't a token."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def hash_token(token: str) -> str:
    """Return what is kept of a token: BLAKE2b-256 (RFC 7693), for this purpose alone, and its name."""
    digest = hashlib.blake2b(token.encode(), digest_size=_NUM_BYTES, person=_PERSON).hexdigest()
    return f"blake2b:{digest}"


def matches(token: str, kept: str) -> bool:
    """Whether `kept` is this token's hash, in a time that doesn't depend on where they differ."""
    return hmac.compare_digest(hash_token(token), kept)
