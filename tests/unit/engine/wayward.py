"""A T2S that goes wrong by chance: its first token decides whether it speaks, stops, loops or never ends."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from tests.unit.models.gpt_sovits_engine.support import speak_alone
from tts_core.models.gpt_sovits.decoding import DecodeInputs, TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.request import SynthesisRequest
from tts_core.sampling_params import SamplingParams

GOOD_TOKENS = 45
_PER_COURSE = 200
_CYCLE_START, _CYCLE_END = 30, 39


class Course(enum.IntEnum):
    """How a take goes on, told by the fifth of the vocabulary that its first token is from."""

    SPEAKS = 0
    STOPS = 1  # as soon as it may
    LOOPS = 2  # over the same nine tokens
    RUNS_ON = 3  # over all tokens of its fifth, the unsaid ones first
    FADES = 4  # as soon as it may, or a little later


LIKELY = {course: 0.4 if course is Course.SPEAKS else 0.15 for course in Course}


@contextmanager
def wayward(
    model: LoadedModel, likely: dict[Course, float] | None = None, *, computes: bool = True
) -> Iterator[None]:
    """Let a model's T2S go by courses, each as likely as it says.

    Every row depends on its own latest token alone, and on its own cache, as far as that holds numbers.

    Args:
        computes: whether the model is run at all, so that what it reads matters. Whoever speaks alone reads
            nobody's cache, and says the same sooner.
    """
    t2s: Any = model.t2s
    prefill, decode_step = _calls(model.t2s, tuple((likely or LIKELY).items()), computes)
    with ExitStack() as stack:
        stack.enter_context(patch.object(t2s, "prefill", prefill))
        stack.enter_context(patch.object(t2s, "decode_step", decode_step))
        yield


@lru_cache  # the same calls each time, so that it is known who was heard with them already
def _calls(
    t2s: T2S, likely: tuple[tuple[Course, float], ...], computes: bool
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    table = _table(t2s.config.vocab_size, t2s.config.eos)
    beginning = _beginning(dict(likely), t2s.config.vocab_size)

    def prefill(phones: Tensor, *rest: Any) -> Tensor:
        return beginning + (T2S.prefill(t2s, phones, *rest) * 0 if computes else torch.zeros(len(phones), 1))

    def decode_step(tokens: Tensor, *rest: Any) -> Tensor:
        return table[tokens] + (T2S.decode_step(t2s, tokens, *rest) * 0 if computes else 0)

    return prefill, decode_step


def speak_wayward(
    model: LoadedModel, wanted: SynthesisRequest, likely: dict[Course, float] | None = None
) -> bytes:
    """Return what it is without any engine, gone wrong as it may."""
    with wayward(model, likely, computes=False):
        return speak_alone(model, wanted)


def seed_whose(model: LoadedModel, *courses: Course) -> int:
    """Return the first seed whose first segment's takes go by these courses, as likely as usual."""
    decoder = TokenDecoder(model.t2s, 1792)
    inputs = DecodeInputs(
        torch.ones(4, dtype=torch.long), torch.zeros(4, 1024), torch.ones(4, dtype=torch.long)
    )

    def course(seed: int, take: int) -> Course:
        with closing(decoder.decode(inputs, SamplingParams(), seed, 0, take)) as tokens:
            return Course(next(tokens) // _PER_COURSE)

    with wayward(model, computes=False):
        for seed in itertools.count():
            if all(course(seed, take) is wanted for take, wanted in enumerate(courses)):
                return seed
    raise AssertionError("no seed does")


def _beginning(likely: dict[Course, float], vocab: int) -> Tensor:
    logits = torch.full((vocab,), -1000.0)
    for course, share in likely.items():
        logits[course * _PER_COURSE] = math.log(share) if share else -1000.0
    return logits


def _table(vocab: int, eos: int) -> Tensor:
    """Return the logits (vocab, vocab) that follow each token. What was said is less likely, and wins."""
    table = torch.full((vocab, vocab), -1000.0)
    for token in range(len(Course) * _PER_COURSE):
        course, place = Course(token // _PER_COURSE), token % _PER_COURSE
        first = course * _PER_COURSE
        if course is Course.RUNS_ON:
            table[token, first : first + _PER_COURSE] = 100.0
            continue
        table[token, first + _next_place(course, place)] = 100.0
        if course is Course.STOPS or (course is Course.SPEAKS and place + 1 >= GOOD_TOKENS):
            table[token, eos] = 1000.0
        if course is Course.FADES:
            table[token, eos] = 100.0
    return table


def _next_place(course: Course, place: int) -> int:
    if course is Course.LOOPS and place >= _CYCLE_END - 1:
        return _CYCLE_START
    return (place + 1) % _PER_COURSE
