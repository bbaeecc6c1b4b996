"""What a run is told: the server, the pace, the listeners' manners. Frozen and checked on creation."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

Api = Literal["openai", "api_v2"]
Role = Literal["listener", "stall", "hangup"]

OPENAI_FORMATS = ("pcm", "wav", "mp3", "opus", "aac", "flac")
API_V2_FORMATS = ("wav", "pcm")


class SettingsError(ValueError):
    """The run as described can't be made; the message says what to change."""


def is_loopback(url: str) -> bool:
    """Tell whether `url` names this machine, without asking a name server."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@dataclass(frozen=True)
class Target:
    """The server and what each request asks of it.

    Args:
        voices: taken in turn; api_v2 gets them as `ref_audio_path`.
        raw_rate_hz: sample rate of `pcm`, which carries no header; None means the dialect's usual one.
        streaming_mode: api_v2's field, 0 to 3.
        extra: fields merged over the request body (`{"seed": 7}`).
        low_latency: ask for the first audio as early as it can be had.
        ignore_eos, min_tokens, max_tokens: lengths of segments, for weights that never learnt where a
            sentence ends; the OpenAI dialect's extension.
    """

    url: str
    api: Api = "openai"
    audio_format: str = "pcm"
    model: str = "tts-1"
    voices: tuple[str, ...] = ("alloy",)
    raw_rate_hz: int | None = None
    streaming_mode: int = 1
    extra: dict[str, Any] = field(default_factory=dict)
    low_latency: bool = False
    ignore_eos: bool = False
    min_tokens: int | None = None
    max_tokens: int | None = None
    api_key: str | None = field(default=None, repr=False)
    allow_remote: bool = False

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise SettingsError(f"the target must be an http:// or https:// URL, not {self.url!r}")
        if not self.allow_remote and not is_loopback(self.url):
            raise SettingsError(f"{self.url} is not this machine; say --allow-remote to load it all the same")
        if self.api not in ("openai", "api_v2"):
            raise SettingsError(f"the dialect must be openai or api_v2, not {self.api!r}")
        formats = OPENAI_FORMATS if self.api == "openai" else API_V2_FORMATS
        if self.audio_format not in formats:
            raise SettingsError(
                f"format {self.audio_format!r} is not one of {', '.join(formats)} for {self.api}"
            )
        if not self.voices:
            raise SettingsError("at least one voice is needed")
        if self.api == "api_v2" and (self.ignore_eos or self.min_tokens or self.max_tokens):
            raise SettingsError("api_v2 has no fields for lengths in tokens; --api openai has")
        if self.ignore_eos and self.max_tokens is None:
            raise SettingsError("--ignore-eos speaks --max-tokens in every segment: say how many")

    @property
    def pcm_rate_hz(self) -> int:
        """Return the rate of headerless PCM: OpenAI's 24 kHz, or the 32 kHz of GPT-SoVITS models."""
        return self.raw_rate_hz or (24_000 if self.api == "openai" else 32_000)


@dataclass(frozen=True)
class Pace:
    """Who asks when: one of three.

    Open loop: `rate` arrivals per second for `duration_s`. Closed loop: `concurrency` listeners, each asking
    again when done, until `num_requests` are made. Bursts: `burst` listeners all arrive in the same moment,
    `rounds` times, a round once the last listener of the one before is done.
    """

    rate: float | None = None
    duration_s: float | None = None
    concurrency: int | None = None
    num_requests: int | None = None
    burst: int | None = None
    rounds: int | None = None

    def __post_init__(self) -> None:
        pairs = (
            (self.rate, self.duration_s),
            (self.concurrency, self.num_requests),
            (self.burst, self.rounds),
        )
        given = [value for pair in pairs for value in pair if value is not None]
        if len(given) != 2 or not any(None not in pair for pair in pairs):
            raise SettingsError(
                "give either --rate with --duration, or --concurrency with --requests, or --burst"
            )
        if min(given) <= 0:
            raise SettingsError("rate, duration, concurrency, requests, burst and rounds must be positive")

    @property
    def num_planned(self) -> int | None:
        """Return how many requests are made in all, None in an open loop, where arrivals are drawn."""
        if self.burst is not None and self.rounds is not None:
            return self.burst * self.rounds
        return self.num_requests


@dataclass(frozen=True)
class Chaos:
    """Listeners that misbehave: a share stops reading for a while, a share hangs up.

    Either acts once it has read the stated number of body bytes. Shares are exact, rounded to whole
    requests; who misbehaves is drawn from the run's seed. A stalled reader stays connected and reads on after
    `stall_s`. On loopback the sockets of both sides swallow about 4 MB before the server feels it (measured:
    3.7 to 5.0 MB on Linux), which is more than a minute of PCM.
    """

    stall_after_bytes: int | None = None
    stall_share: float = 0.1
    stall_s: float = 30.0
    hangup_after_bytes: int | None = None
    hangup_share: float = 0.1

    def __post_init__(self) -> None:
        shares = (self.share_of("stall"), self.share_of("hangup"))
        if min(shares) < 0 or sum(shares) > 1:
            raise SettingsError("the shares of stalling and hanging-up listeners must lie in 0 to 1 together")

    def share_of(self, role: Literal["stall", "hangup"]) -> float:
        """Return the share of requests with this role, 0 when it is switched off."""
        if role == "stall":
            return 0.0 if self.stall_after_bytes is None else self.stall_share
        return 0.0 if self.hangup_after_bytes is None else self.hangup_share


@dataclass(frozen=True)
class Listening:
    """How a listener connects, hears and plays.

    Args:
        timeout_s: longest silence on the socket before the request counts as `read_timeout`.
        keep_alive: reuse connections; off, because each listener is somebody else.
        preroll_s: audio that a listener collects before it starts to play.
        audible_dbfs: level above which a sample can be heard, relative to full scale.
    """

    timeout_s: float = 60.0
    keep_alive: bool = False
    preroll_s: float = 0.0
    audible_dbfs: float = -60.0

    def __post_init__(self) -> None:
        if self.timeout_s <= 0 or self.preroll_s < 0 or self.audible_dbfs >= 0:
            raise SettingsError("timeout must be positive, pre-roll not negative, audible level below 0 dBFS")


@dataclass(frozen=True)
class LoadSettings:
    """One whole run. `lag_share` is the share of a measured figure that the generator's own lag may reach."""

    target: Target
    pace: Pace
    chaos: Chaos = Chaos()
    listening: Listening = Listening()
    seed: int = 0
    lag_share: float = 0.1

    def describe(self) -> dict[str, Any]:
        """Return the settings as plain values, without the API key."""
        described = asdict(self)
        del described["target"]["api_key"]
        return described
