"""Who asks for what, and when: fixed before the first request leaves, from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.load.corpus import Sentence
from benchmarks.load.settings import Chaos, LoadSettings, Role


@dataclass(frozen=True)
class Plan:
    """One request to come.

    `arrival_s` is None in a closed loop, where a listener asks when it is free, and in bursts, where it asks
    with its round: the request's index divided by the burst.
    """

    index: int
    sentence: Sentence
    voice: str
    role: Role = "listener"
    arrival_s: float | None = None


def poisson_arrivals(rate: float, duration_s: float, seed: int) -> list[float]:
    """Return arrival times in [0, duration_s), with independent exponential gaps of mean 1/rate."""
    rng = random.Random(f"{seed}:arrivals")
    arrivals = []
    at = rng.expovariate(rate)
    while at < duration_s:
        arrivals.append(at)
        at += rng.expovariate(rate)
    return arrivals


def draw_roles(count: int, chaos: Chaos, seed: int) -> list[Role]:
    """Return `count` roles with the stated shares of chaos clients, in an order drawn from the seed."""
    num_stall = round(count * chaos.share_of("stall"))
    num_hangup = min(round(count * chaos.share_of("hangup")), count - num_stall)
    num_listener = count - num_stall - num_hangup
    shares: dict[Role, int] = {"stall": num_stall, "hangup": num_hangup, "listener": num_listener}
    roles = [role for role, num in shares.items() for _ in range(num)]
    random.Random(f"{seed}:roles").shuffle(roles)
    return roles


def make_plans(settings: LoadSettings, sentences: Sequence[Sentence]) -> list[Plan]:
    """Lay out the whole run. The same settings, sentences and seed give the same plans."""
    pace = settings.pace
    arrivals: Sequence[float | None]
    if pace.rate is not None and pace.duration_s is not None:
        arrivals = poisson_arrivals(pace.rate, pace.duration_s, settings.seed)
    else:
        arrivals = [None] * (pace.num_planned or 0)
    roles = draw_roles(len(arrivals), settings.chaos, settings.seed)
    rng = random.Random(f"{settings.seed}:texts")
    voices = settings.target.voices
    return [
        Plan(i, rng.choice(sentences), voices[i % len(voices)], role, arrival_s)
        for i, (role, arrival_s) in enumerate(zip(roles, arrivals, strict=True))
    ]
