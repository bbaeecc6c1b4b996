"""Who asks for what, who leaves when and who asks for the impossible: fixed from one seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from typing import Any

from benchmarks.isolation.catalogue import Speaker, spoken_language
from benchmarks.isolation.faults import FAULTS, Fault
from benchmarks.isolation.settings import LEAST_TOKENS, Choice, IsolationSettings
from benchmarks.isolation.texts import draw_text

# A word is about 20 kB of PCM at 24 kHz, a few sentences 500 kB.
_LEAVE_BYTES = (1, 200_000)
# Before the first byte of a quick engine, and well into the speech of a slow one.
_LEAVE_S = (0.002, 2.0)


@dataclass(frozen=True)
class Ask:
    """One distinct request: its body; if it must be refused, its fault and the `sound` one that it spoils."""

    key: int
    body: dict[str, Any]
    fault: Fault | None = None
    sound: Ask | None = None


@dataclass(frozen=True)
class Leave:
    """When a listener hangs up: after so many bytes, or so many seconds after asking, whatever has come."""

    after_bytes: int | None = None
    after_s: float | None = None


@dataclass(frozen=True)
class Visit:
    """One concurrent request: what it asks, how long its listener waits before, and when they leave."""

    index: int
    ask: Ask
    pause_s: float
    leave: Leave | None = None


def describe_request(body: dict[str, Any]) -> str:
    """Return what a person reads of a request's body."""
    text = str(body["input"])
    shown = text if len(text) <= 30 else f"{text[:29]}…"
    return f"{body['model']}/{body['voice']} {shown!r}"


def make_plan(settings: IsolationSettings, speakers: Sequence[Speaker]) -> list[Visit]:
    """Lay out all concurrent requests. The same settings and speakers give the same visits."""
    crowd, seed = settings.crowd, settings.seed
    num_failing = round(crowd.num_requests * crowd.fail_share)
    num_leaving = round(crowd.num_requests * crowd.cancel_share)
    num_spoken = crowd.num_requests - num_failing
    asks = _draw_asks(settings, speakers)
    spoken = list(islice(_shuffled_turns(asks, Random(f"{seed}:turns")), num_spoken))
    leave_rng, pause_rng = Random(f"{seed}:leave"), Random(f"{seed}:pause")
    roles = [(ask, _draw_leave(leave_rng) if at < num_leaving else None) for at, ask in enumerate(spoken)]
    faulty = islice(cycle(_spoil(asks)), num_failing)
    roles += [(ask, None) for ask in faulty]
    Random(f"{seed}:order").shuffle(roles)
    return [
        Visit(index, ask, pause_rng.expovariate(1 / crowd.pause_s) if crowd.pause_s else 0.0, leave)
        for index, (ask, leave) in enumerate(roles)
    ]


def _shuffled_turns(asks: Sequence[Ask], rng: Random) -> Iterable[Ask]:
    """Yield every ask once, in another order each time, for ever."""
    while True:
        yield from rng.sample(asks, len(asks))


def _draw_asks(settings: IsolationSettings, speakers: Sequence[Speaker]) -> list[Ask]:
    rng, choice, count = Random(f"{settings.seed}:asks"), settings.choice, settings.crowd.distinct
    num_early = round(count * choice.low_latency_share)
    early = [True] * num_early + [False] * (count - num_early)
    rng.shuffle(early)
    in_turn = islice(cycle(rng.sample(speakers, len(speakers))), count)
    return [
        Ask(key, _draw_body(rng, choice, speaker, is_early))
        for key, (speaker, is_early) in enumerate(zip(in_turn, early, strict=True))
    ]


def _draw_body(rng: Random, choice: Choice, speaker: Speaker, low_latency: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": speaker.model,
        "voice": speaker.voice,
        "input": draw_text(rng, spoken_language(speaker), choice.max_sentences),
        "response_format": "pcm",
        "seed": rng.randrange(2**32),
        "speed": rng.choice((0.7, 0.85, 1.0, 1.0, 1.15, 1.4)),
    }
    if speaker.states_language:
        body["language"] = speaker.language
    if low_latency:
        body["low_latency"] = True
    return body | _draw_sampling(rng, choice)


def _draw_sampling(rng: Random, choice: Choice) -> dict[str, Any]:
    """Return settings that differ from request to request, so that a neighbour's would be heard."""
    drawn: dict[str, Any] = {
        "top_k": rng.choice((1, 5, 15, 50)),
        "top_p": rng.choice((0.8, 0.95, 1.0)),
        "temperature": rng.choice((0.6, 1.0, 1.3)),
        "repetition_penalty": rng.choice((1.0, 1.2, 1.35)),
    }
    if choice.ignore_eos:
        drawn["ignore_eos"] = True
    if choice.max_tokens is not None:
        drawn["max_tokens"] = rng.randint(max(LEAST_TOKENS, choice.max_tokens // 4), choice.max_tokens)
    return drawn


def _draw_leave(rng: Random) -> Leave:
    """Return a moment: half of those who leave count bytes, half look at the clock, often before any byte."""
    if rng.random() < 0.5:
        return Leave(after_s=_log_uniform(rng, *_LEAVE_S))
    return Leave(after_bytes=round(_log_uniform(rng, *_LEAVE_BYTES)))


def _log_uniform(rng: Random, low: float, high: float) -> float:
    return low * float((high / low) ** rng.random())


def _spoil(asks: Sequence[Ask]) -> list[Ask]:
    """Return a request for each fault, fine but for that."""
    return [
        Ask(len(asks) + number, {**sound.body, **fault.changes}, fault, sound)
        for number, (fault, sound) in enumerate(zip(FAULTS, cycle(asks), strict=False))
    ]
