"""What a run is told. Frozen and checked on creation; with the catalogue, it decides every request."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from benchmarks.load.settings import Listening, SettingsError, Target

SoloWhen = Literal["first", "after"]
LEAST_TOKENS = 11
"""What the server asks of a segment at least; a request may not ask for fewer at most."""
_DEFAULT_DISTINCT = 120


class CannotRun(Exception):
    """The proof can't be had: the server isn't there, or refuses what it should speak."""


@dataclass(frozen=True)
class Choice:
    """What is asked for.

    Args:
        models: registered names; none means the one that the catalogue has for each voice.
        voices: ids, or `MODEL:ID`; none means the whole catalogue.
        langs: languages of the texts, named in each request; none means each voice's own.
        max_sentences: the longest text; the shortest is one word.
        low_latency_share: share of the distinct requests that ask for the first audio early.
        ignore_eos: speak `max_tokens` in every segment, for weights that never learnt where a sentence ends.
        max_tokens: the highest of the limits that are drawn, one for each distinct request.
    """

    models: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    max_sentences: int = 4
    low_latency_share: float = 0.0
    ignore_eos: bool = False
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.max_sentences < 1:
            raise SettingsError("--sentences must be at least 1")
        if not 0 <= self.low_latency_share <= 1:
            raise SettingsError("--low-latency-share must lie in 0 to 1")
        if self.ignore_eos and self.max_tokens is None:
            raise SettingsError("--ignore-eos speaks --max-tokens in every segment: say how many")
        if self.max_tokens is not None and self.max_tokens < LEAST_TOKENS:
            raise SettingsError(f"--max-tokens must be at least {LEAST_TOKENS}")


@dataclass(frozen=True)
class Crowd:
    """Who comes, and how they behave.

    Args:
        num_requests: made in all, by `concurrency` listeners, each of which asks again when done.
        num_distinct: different requests among those to be spoken; None means as many as there are, up to 120.
        cancel_share: share of requests whose listener leaves early.
        fail_share: share of requests that the server must refuse.
        pause_s: mean time for which a listener waits before asking.
        patience_s: how long a request may be put off with 429 or 503 in all.
    """

    num_requests: int = 100
    concurrency: int = 16
    num_distinct: int | None = None
    cancel_share: float = 0.2
    fail_share: float = 0.1
    pause_s: float = 0.05
    patience_s: float = 120.0

    def __post_init__(self) -> None:
        if min(self.num_requests, self.concurrency, self.distinct) < 1:
            raise SettingsError("requests, concurrency and distinct must be positive")
        if min(self.cancel_share, self.fail_share) < 0 or self.cancel_share + self.fail_share > 1:
            raise SettingsError("the shares of cancelled and failing requests must lie in 0 to 1 together")
        if self.pause_s < 0 or self.patience_s < 0:
            raise SettingsError("pause and patience must not be negative")

    @property
    def distinct(self) -> int:
        """Return how many different requests are made, not counting those that must be refused."""
        return min(self.num_requests, _DEFAULT_DISTINCT) if self.num_distinct is None else self.num_distinct


@dataclass(frozen=True)
class IsolationSettings:
    """One whole run. `solo_when` says whether each request is made alone before the crowd comes or after."""

    target: Target
    choice: Choice = Choice()
    crowd: Crowd = Crowd()
    listening: Listening = field(default_factory=Listening)
    solo_when: SoloWhen = "first"
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.target.api, self.target.audio_format) != ("openai", "pcm"):
            raise SettingsError("answers are compared as PCM over the OpenAI dialect")
        if self.solo_when not in ("first", "after"):
            raise SettingsError(f"--solo is first or after, not {self.solo_when!r}")

    def describe(self) -> dict[str, Any]:
        """Return the settings as plain values, without the API key."""
        described = asdict(self)
        described["target"] = {"url": self.target.url}
        return described
