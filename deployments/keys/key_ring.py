"""The keys of a running server, which follow their file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from deployments.keys.errors import KeyInvalid
from deployments.keys.key_file import Key, read_keys
from deployments.keys.tokens import hash_token, id_in, matches, new_token
from tts_core.errors import InvalidConfig

logger = logging.getLogger("ray.serve")

CHECK_S = 1.0
"""How long a change of the file may go unnoticed."""

# What a token of a key that isn't there is held against: an unknown id takes as long as a wrong secret.
_NOBODY = hash_token(new_token("nobody"))

Stamp = tuple[int, int, int] | None


class KeyRing:
    """Knows keys by their tokens. Looks at the file again when it is asked, once a second at most.

    A file that becomes unreadable, or is gone, changes nothing: the keys read last stay good, and the log
    says why. To revoke all keys, leave an empty list in it.

    Args:
        path: of the file.
        clock: seconds, only going forward.

    Raises:
        InvalidConfig: the file can't be read at the start.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._stamp = _stamp(path)
        self._checked_at = clock()
        self._keys = {key.id: key for key in read_keys(path)}

    def find(self, token: str) -> Key:
        """Return the key that a token belongs to.

        Raises:
            KeyInvalid: it belongs to none.
        """
        self._follow_file()
        key = self._keys.get(id_in(token) or "")
        if not matches(token, key.hash if key else _NOBODY) or key is None:
            raise KeyInvalid("the API key isn't one of this server's")
        return key

    def get(self, key_id: str) -> Key:
        """Return a key by its id, for what it has let someone have without it.

        Raises:
            KeyInvalid: there is none any more.
        """
        self._follow_file()
        key = self._keys.get(key_id)
        if key is None:
            raise KeyInvalid("the API key isn't one of this server's any more")
        return key

    def _follow_file(self) -> None:
        now = self._clock()
        if now - self._checked_at < CHECK_S:
            return
        self._checked_at = now
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = {key.id: key for key in read_keys(self._path)}
        except InvalidConfig as error:
            logger.error("the old API keys stay: %s", error.message)  # noqa: TRY400  # nothing to trace
        else:
            logger.info("%d API keys were read anew from %s", len(self._keys), self._path)


def _stamp(path: Path) -> Stamp:
    """Return what differs from one content of the file to the next; None where there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
