"""How much each key may use: requests and characters by the minute, streams and connections at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.keys.errors import LimitReached
from deployments.keys.key_file import Key, KeyLimits

MINUTE_S = 60.0
_PLACE_RETRY_S = 1.0


class TokenBucket:
    """A minute's worth of something, refilled steadily. (The token bucket of RFC 2697, with debt.)

    What costs more than a whole minute's worth is let through by a full bucket, and paid off afterwards:
    otherwise it never would be.
    """

    def __init__(self, per_minute: int, now_s: float) -> None:
        self._per_minute, self._level, self._at_s = per_minute, float(per_minute), now_s

    def changed(self, per_minute: int, now_s: float) -> TokenBucket:
        """Return one of another size with what is in this one, as far as it fits."""
        self._refill(now_s)
        other = TokenBucket(per_minute, now_s)
        other._level = min(self._level, other._level)
        return other

    def wait_s(self, cost: float, now_s: float) -> float:
        """Return how long it takes until `cost` can be taken; 0 if it can be now."""
        self._refill(now_s)
        missing = min(cost, self._per_minute) - self._level
        return max(0.0, missing * MINUTE_S / self._per_minute)

    def take(self, cost: float) -> None:
        """Take it out; a negative cost puts it back."""
        self._level = min(self._per_minute, self._level - cost)

    def _refill(self, now_s: float) -> None:
        gained = (now_s - self._at_s) * self._per_minute / MINUTE_S
        self._level, self._at_s = min(self._per_minute, self._level + gained), now_s


@dataclass
class _Use:
    """What one key has left."""

    limits: KeyLimits
    requests: TokenBucket | None
    characters: TokenBucket | None
    num_streams: int = 0
    num_connections: int = 0


@dataclass
class Ticket:
    """What was taken for one request. Give it back in one way or the other; the second time does nothing."""

    _use: _Use | None = None
    _num_chars: int = 0
    _is_open: bool = field(default=True)

    def release(self) -> None:
        """Say that the stream is over, however it ended."""
        if self._is_open and self._use is not None:
            self._use.num_streams -= 1
        self._is_open = False

    def refund(self) -> None:
        """Say that nothing was spoken: the characters go back. The request was made, and stays counted."""
        if self._is_open and self._use is not None and self._use.characters is not None:
            self._use.characters.take(-self._num_chars)
        self.release()


class Limiter:
    """Keeps account of every key's use of this process. Belongs to the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uses: dict[str, _Use] = {}

    def enter(self, key: Key | None, num_chars: int, *, is_again: bool = False) -> Ticket:
        """Take what a request needs, all of it or nothing. Without a key there are no limits.

        Args:
            key: whose use it is.
            num_chars: of its text.
            is_again: whether it was counted before, and is the server's own next try.

        Raises:
            LimitReached: which limit, and when there is enough again.
        """
        if key is None or key.limits == KeyLimits():
            return Ticket()
        use = self._use(key)
        limit = key.limits.concurrent_streams
        if limit is not None and use.num_streams >= limit:
            raise LimitReached(f"this key may have {limit} streams at once", retry_after_s=_PLACE_RETRY_S)
        self._take(use, 0 if is_again else 1, num_chars)
        use.num_streams += 1
        return Ticket(use, num_chars)

    def count(self, key: Key | None) -> None:
        """Take a request that speaks nothing. Raises LimitReached, as `enter`."""
        if key is not None:
            self._take(self._use(key), 1, 0)

    def connect(self, key: Key | None) -> Callable[[], None]:
        """Take a connection's place, and return what gives it back, once.

        Raises:
            LimitReached: the key has as many as it may.
        """
        if key is None or key.limits.concurrent_connections is None:
            return lambda: None
        use, limit = self._use(key), key.limits.concurrent_connections
        if use.num_connections >= limit:
            raise LimitReached(f"this key may have {limit} connections at once", retry_after_s=_PLACE_RETRY_S)
        use.num_connections += 1

        def leave() -> None:
            use.num_connections -= 1

        return leave

    def _take(self, use: _Use, num_requests: int, num_chars: int) -> None:
        """Take of what there is by the minute, all of it or nothing. Raises LimitReached."""
        now_s, limits = self._clock(), use.limits
        costs = (
            (use.requests, num_requests, limits.requests_per_minute, "requests"),
            (use.characters, num_chars, limits.characters_per_minute, "characters"),
        )
        for bucket, cost, limit, what in costs:
            wait_s = bucket.wait_s(cost, now_s) if bucket is not None and cost else 0.0
            if wait_s > 0:
                raise LimitReached(f"this key may use {limit} {what} per minute", retry_after_s=wait_s)
        for bucket, cost, _, _ in costs:
            if bucket is not None:
                bucket.take(cost)

    def _use(self, key: Key) -> _Use:
        now_s = self._clock()
        use = self._uses.get(key.id)
        if use is None:
            use = self._uses[key.id] = _Use(KeyLimits(), None, None)
        if use.limits != key.limits:
            # What was used stays used: else to change limits would be a way around them.
            use.requests = _sized(use.requests, key.limits.requests_per_minute, now_s)
            use.characters = _sized(use.characters, key.limits.characters_per_minute, now_s)
            use.limits = key.limits
        return use


def _sized(bucket: TokenBucket | None, per_minute: int | None, now_s: float) -> TokenBucket | None:
    if not per_minute:
        return None
    return TokenBucket(per_minute, now_s) if bucket is None else bucket.changed(per_minute, now_s)
