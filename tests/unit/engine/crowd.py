"""Many listeners of many manners, and a saboteur among the models: what isolation is tried with."""

from __future__ import annotations

import asyncio
import enum
import itertools
import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from torch import Tensor

from tests.unit.models.gpt_sovits_engine.support import request
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.stream import SpeechStream
from tts_core.errors import Overloaded, SegmentFailed
from tts_core.models.gpt_sovits.heard_voices import HeardVoice
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import Reference, SynthesisRequest
from tts_core.sampling_params import SamplingParams

TEXTS = {
    "en": ("Good morning to all of you.", "It rains!", "Where did the second sentence go, then?"),
    "zh": ("你好，世界，今天天气很好。", "我们明天见。"),
}
SAMPLINGS = (
    SamplingParams(ignore_eos=True, max_tokens=11),
    SamplingParams(ignore_eos=True, max_tokens=17, temperature=1.6, top_k=300),
    SamplingParams(max_tokens=14, min_tokens=3, top_p=0.8),
    SamplingParams(ignore_eos=True, max_tokens=36, repetition_penalty=2.0),
    SamplingParams(ignore_eos=True, min_tokens=1, max_tokens=2, top_k=1),
)
SPEEDS = (1.0, 1.0, 0.8, 1.4)


def distinct_requests(count: int) -> list[SynthesisRequest]:
    """Return requests that differ in everything that decides bytes; fewer of them are the first of more.

    So each is spoken alone once, whoever asks for how many.
    """
    chance = random.Random(40)
    return [_request(number, chance) for number in range(count)]


def _request(number: int, chance: random.Random) -> SynthesisRequest:
    language = chance.choice(("en", "en", "zh"))
    texts = chance.sample(TEXTS[language], chance.randint(1, 2))
    return request(
        *texts,
        request_id=str(number),
        language=language,
        voice=chance.choice(("ada", "bo")),
        seed=chance.randrange(10**12),
        speed=chance.choice(SPEEDS),
        sampling=chance.choice(SAMPLINGS),
        low_latency=number % 2 == 0,
    )


class Manner(enum.Enum):
    """How someone listens."""

    EAGER = enum.auto()
    SLOW = enum.auto()  # lets the engine run into its lead
    LEAVES_AT_ONCE = enum.auto()
    LEAVES_BEFORE_AUDIO = enum.auto()
    LEAVES_MIDWAY = enum.auto()


MANNERS = (*[Manner.EAGER] * 4, *[Manner.SLOW] * 3, *list(Manner)[2:])


class Ending(enum.Enum):
    COMPLETE = enum.auto()
    LEFT = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True)
class Outcome:
    """What one listener heard of the request that `name` names, and how it ended."""

    name: str
    ending: Ending
    pcm: bytes


class Crowd:
    """Listeners who come one after the other, as many at once as get in.

    Args:
        chance: decides what each of them wants, and how they listen.
        num_at_once: a few more than the engine has slots for, so that some are refused and come again.
    """

    def __init__(
        self, engine: BatchingEngine, wanted: list[SynthesisRequest], chance: random.Random, num_at_once: int
    ) -> None:
        self._engine, self._wanted, self._chance = engine, wanted, chance
        self._num_at_once = num_at_once
        self._ids = itertools.count()
        self._someone_left = asyncio.Event()
        self.num_refused = 0
        self.most_paused = 0

    async def listen(self, count: int) -> list[Outcome]:
        """Return what came of so many listeners."""
        arrivals, outcomes = iter(range(count)), list[Outcome]()

        async def seat() -> None:
            for _ in arrivals:
                outcomes.append(await self._one())
                self._someone_left.set()

        await asyncio.gather(*(seat() for _ in range(self._num_at_once)))
        return outcomes

    async def _one(self) -> Outcome:
        chance = self._chance
        wanted, manner = chance.choice(self._wanted), chance.choice(MANNERS)
        stream = await self._admitted(replace(wanted, request_id=f"{wanted.request_id}#{next(self._ids)}"))
        heard: list[bytes] = []
        try:
            is_complete = await self._hear(stream, manner, heard)
        except SegmentFailed:
            return Outcome(wanted.request_id, Ending.FAILED, b"".join(heard))
        ending = Ending.COMPLETE if is_complete else Ending.LEFT
        return Outcome(wanted.request_id, ending, b"".join(heard))

    async def _admitted(self, wanted: SynthesisRequest) -> SpeechStream:
        while (stream := self._ask(wanted)) is None:
            self._someone_left.clear()
            await self._someone_left.wait()
        return stream

    def _ask(self, wanted: SynthesisRequest) -> SpeechStream | None:
        try:
            return self._engine.generate(wanted)
        except Overloaded:
            self.num_refused += 1
            return None

    async def _hear(self, stream: SpeechStream, manner: Manner, heard: list[bytes]) -> bool:
        """Return whether it was heard to its end."""
        if manner in (Manner.LEAVES_AT_ONCE, Manner.LEAVES_BEFORE_AUDIO):
            await asyncio.sleep(0 if manner is Manner.LEAVES_AT_ONCE else self._chance.uniform(0, 0.3))
            stream.cancel()
            return False
        num_chunks = self._chance.randint(1, 4)
        async for chunk in stream:
            heard.append(chunk.pcm)
            if manner is Manner.SLOW:
                await asyncio.sleep(self._chance.uniform(0, 0.2))
            self.most_paused = max(self.most_paused, self._engine.stats().num_paused)
            if manner is Manner.LEAVES_MIDWAY and len(heard) == num_chunks:
                stream.cancel()
                return False
            stream.acknowledge(chunk.start_sample + chunk.num_samples)
        return True


class Saboteur:
    """Breaks the models now and then: a call raises, or gives something that isn't a number.

    Never three requests in a row, which would end the engine: between two strikes more requests are spoken
    than can be open at once.

    Args:
        num_spoken: how many requests the engine has spoken so far.
        spacing: how many of them lie between strikes.

    Attributes:
        strikes: how often each kind of call was broken.
        most_rows: the largest decode step that was seen.
    """

    def __init__(
        self, model: LoadedModel, chance: random.Random, num_spoken: Callable[[], int], spacing: int
    ) -> None:
        self._model, self._chance = model, chance
        self._num_spoken, self._spacing = num_spoken, spacing
        self._next_strike = spacing // 2
        self._is_armed = False
        self._striking = threading.Lock()  # the models are called in two threads
        self.strikes: dict[str, int] = {}
        self.most_rows = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Break calls until the end of the block."""
        model = self._model
        calls = (
            (model.t2s, "prefill"),
            (model.t2s, "decode_step"),
            (model.sovits, "prior"),
            (model.sovits.generator, "forward"),
        )
        with ExitStack() as stack:
            for owner, name in calls:
                stack.enter_context(patch.object(owner, name, self._spoilt(getattr(owner, name), name)))
            yield

    def _spoilt(self, original: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*inputs: Any, **options: Any) -> Any:
            if name == "decode_step":
                self.most_rows = max(self.most_rows, len(inputs[0]))
            if not self._strikes(name):
                return original(*inputs, **options)
            is_second, self._is_armed = self._is_armed, False
            if isinstance(result := original(*inputs, **options), Tensor) and self._chance.random() < 0.5:
                result[self._chance.randrange(len(result))] = math.nan
                return result
            # Where several take part each is tried alone then, so a second failure hits one of them.
            self._is_armed = name == "decode_step" and not is_second
            raise ValueError("broken on purpose")

        return call

    def _strikes(self, name: str) -> bool:
        if self._is_armed:
            return name == "decode_step"
        with self._striking:
            num_spoken = self._num_spoken()
            if num_spoken < self._next_strike or self._chance.random() > 0.1:
                return False
            self._next_strike = num_spoken + self._spacing
            self.strikes[name] = self.strikes.get(name, 0) + 1
            return True


class ForgetfulVoices:
    """An engine's voices, which can't be read now and then."""

    def __init__(self, engine: BatchingEngine, chance: random.Random) -> None:
        self._voice_of, self._chance = engine._voice_of, chance
        self.num_forgotten = 0
        engine._voice_of = self

    def __call__(self, reference: Reference) -> HeardVoice:
        if self._chance.random() < 0.03:
            self.num_forgotten += 1
            raise OSError("broken on purpose")
        return self._voice_of(reference)
