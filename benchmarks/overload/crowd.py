"""A crowd that always asks again: as many listeners at a time as are stated, each at once after the last."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp

from benchmarks.load.lag import LagSampler
from benchmarks.load.playback import simulate

RATE_HZ = 24_000
_BYTES_PER_S = 2 * RATE_HZ
_STEP = 4096


@dataclass(frozen=True)
class CrowdSettings:
    """Who asks for what.

    Attributes:
        url: of the server, without a slash at its end.
        voice, text, speed: what is asked for; each request's text begins with its number.
        pause_s: how long a refused listener waits before asking again. Retry-After is not heeded: this is
            the crowd that one fears.
        at_real_time: whether listeners take audio as they play it, a second ahead; or else all they can get.
        api_key: sent as a bearer token, where the server asks for one.
    """

    url: str
    voice: str
    text: str
    speed: float
    pause_s: float
    at_real_time: bool
    api_key: str | None = None


@dataclass
class Tally:
    """What became of every request, in seconds, and how late this program's own wake-ups came meanwhile."""

    first_audio_s: list[float] = field(default_factory=list)
    underruns: list[int] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    retry_after_s: list[int] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    own_lags_s: list[float] = field(default_factory=list)


async def run_crowd(settings: CrowdSettings, size: int, duration_s: float) -> Tally:
    """Let so many listen for so long; streams that are open then are heard to their end."""
    tally = Tally()
    ends_at = time.monotonic() + duration_s
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    sampler = LagSampler()
    sampler.start()
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await asyncio.gather(
            *(_listen_again(session, settings, tally, number, size, ends_at) for number in range(size))
        )
    tally.own_lags_s = (await sampler.stop()).lags_s
    return tally


async def _listen_again(
    session: aiohttp.ClientSession,
    settings: CrowdSettings,
    tally: Tally,
    number: int,
    size: int,
    ends_at: float,
) -> None:
    await asyncio.sleep(settings.pause_s * number / size)  # not all in step
    while time.monotonic() < ends_at:
        try:
            was_heard = await _listen(session, settings, tally, number)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            tally.others.append(type(error).__name__)
            was_heard = False
        if not was_heard:
            await asyncio.sleep(settings.pause_s)


async def _listen(session: aiohttp.ClientSession, settings: CrowdSettings, tally: Tally, number: int) -> bool:
    body = {
        "input": f"{number}. {settings.text}",
        "voice": settings.voice,
        "speed": settings.speed,
        "response_format": "pcm",
    }
    asked_at = time.perf_counter()
    async with session.post(f"{settings.url}/v1/audio/speech", json=body) as answer:
        if answer.status != 200:
            await answer.read()
            _note_refusal(tally, answer, time.perf_counter() - asked_at)
            return False
        await _hear(answer, settings, tally, asked_at)
    return True


def _note_refusal(tally: Tally, answer: aiohttp.ClientResponse, took_s: float) -> None:
    if answer.status == 429:
        tally.refused_s.append(took_s)
        tally.retry_after_s.append(int(answer.headers.get("Retry-After", "0")))
    else:
        tally.others.append(f"http_{answer.status}")


async def _hear(
    answer: aiohttp.ClientResponse, settings: CrowdSettings, tally: Tally, asked_at: float
) -> None:
    timeline: list[tuple[float, float]] = []
    num_bytes = 0
    async for data in answer.content.iter_chunked(_STEP):
        num_bytes += len(data)
        now_s = time.perf_counter() - asked_at
        timeline.append((now_s, num_bytes / _BYTES_PER_S))
        ahead_s = num_bytes / _BYTES_PER_S - (now_s - timeline[0][0])
        if settings.at_real_time and ahead_s > 1.0:
            await asyncio.sleep(ahead_s - 1.0)
    playback = simulate(timeline)
    if playback is None:
        tally.others.append("no_audio")
    else:
        tally.first_audio_s.append(timeline[0][0])
        tally.underruns.append(playback.num_underruns)
