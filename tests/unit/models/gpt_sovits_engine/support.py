"""Voices of noise, requests of a fixed length, and what listens to the GPT-SoVITS engine."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from tests.support.streams import hear as hear
from tests.support.waiting import until as until
from tts_core.engine.assembly import EngineOptions
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.stream import StreamLimits
from tts_core.errors import UnknownVoice
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.models.gpt_sovits.speaking import Utterance
from tts_core.request import Reference, Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.voice import VoiceInfo

NUM_TOKENS = 20
FIXED_LENGTH = SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS)
SAMPLES_PER_TOKEN = 1280
PAUSE_SAMPLES = 9600
TEXT = ("Good morning to all of you.", "The second sentence is here.")
VOICES = (
    VoiceInfo(id="ada", name="Ada", language="en", model="tiny"),
    VoiceInfo(id="bo", name="Bo", language="zh", model="tiny"),
)
FAST_LIMITS = StreamLimits(lead_s=60.0)


@dataclass(frozen=True)
class Prompt:
    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]


def prompt_for(model: LoadedModel, seed: int, num_references: int = 1) -> Prompt:
    draw = torch.Generator().manual_seed(seed)
    speakers = [torch.randn(20480, generator=draw) for _ in range(num_references)]
    return Prompt(
        tokens=torch.randint(0, 1024, (30 + seed,), generator=draw),
        phones=tuple(torch.randint(1, 300, (12 + seed,), generator=draw).tolist()),
        bert=torch.randn(1024, 12 + seed, generator=draw),
        spectrograms=tuple(torch.rand(1025, 60, generator=draw) for _ in range(num_references)),
        speakers=tuple(speakers) if model.speaker_encoder is not None else (),
    )


class Prompts:
    """What a store of voices would give."""

    def __init__(self, model: LoadedModel) -> None:
        self._prompts: Mapping[str, Prompt] = {
            voice.id: prompt_for(model, seed) for seed, voice in enumerate(VOICES)
        }

    def __call__(self, reference: Reference) -> Prompt:
        if reference.voice not in self._prompts:
            raise UnknownVoice(f"no voice {reference.voice!r}", param="voice")
        return self._prompts[reference.voice]


def request(*texts: str, request_id: str = "r", **changes: Any) -> SynthesisRequest:
    values: dict[str, Any] = {
        "model": "tiny",
        "voice": "ada",
        "seed": 7,
        "sampling": FIXED_LENGTH,
        "segments": tuple(Segment(index, text) for index, text in enumerate(texts or TEXT)),
    }
    return SynthesisRequest(request_id=request_id, **(values | changes))


def new_engine(
    model: LoadedModel,
    limits: StreamLimits = FAST_LIMITS,
    prompts: Callable[[Reference], Prompt] | None = None,
    **options: Any,
) -> BatchingEngine:
    """Return an engine whose free slots are poisoned: a stray read is loud."""
    values: dict[str, Any] = {"speaking": SpeakingOptions(max_len=2048), "free_value": math.nan} | options
    prompt_of = prompts or Prompts(model)
    return BatchingEngine(model, prompt_of, lambda: VOICES, limits, EngineOptions(**values))


def speak_alone(model: LoadedModel, wanted: SynthesisRequest, language: str = "en") -> bytes:
    """Return what it is without any engine. Spoken once: the same few are asked for in many tests."""
    return _spoken(model, replace(wanted, request_id=""), language, _replaced_calls(model))


@lru_cache(maxsize=512)
def _spoken(
    model: LoadedModel, wanted: SynthesisRequest, language: str, replaced: tuple[object, ...]
) -> bytes:
    return speak_again(model, wanted, language)


def _replaced_calls(model: LoadedModel) -> tuple[object, ...]:
    """Return what stands in for the models' own methods: with a replacement, it is another speech."""
    calls = (
        (model.t2s, ("prefill", "decode_step")),
        (model.sovits, ("prior",)),
        (model.sovits.generator, ("forward",)),
        (TokenDecoder, ("decode",)),
    )
    return tuple(vars(owner).get(name) for owner, names in calls for name in names)


def speak_again(model: LoadedModel, wanted: SynthesisRequest, language: str = "en") -> bytes:
    """Speak without any engine, whether it was spoken before or not."""
    decoder = TokenDecoder(model.t2s, 2048)
    utterance = Utterance(wanted, language, model, decoder, Prompts(model), SpeakingOptions())
    return b"".join(utterance.speak())


@contextmanager
def broken(owner: Any, name: str, error: BaseException, times: int = 1, after: int = 0) -> Iterator[None]:
    """Let a method raise at `times` calls, the first `after` ones excepted, then work again."""
    original, calls = getattr(owner, name), itertools.count()

    def replacement(*args: Any, **kwargs: Any) -> Any:
        if after <= next(calls) < after + times:
            raise error
        return original(*args, **kwargs)

    with patch.object(owner, name, replacement):
        yield
