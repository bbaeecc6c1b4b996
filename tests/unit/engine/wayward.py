"""A T2S that goes wrong by chance: its first token decides whether it speaks, stops, loops or never ends."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.decoding import DecodeInputs, TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
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
def wayward(model: LoadedModel, likely: dict[Course, float] | None = None) -> Iterator[None]:
    """Let a model's T2S go by courses, each as likely as it says.

    Every row depends on its own latest token alone, and on its own cache, as far as that holds numbers.
    """
    table = _table(model.t2s.config.vocab_size, model.t2s.config.eos)
    beginning = _beginning(likely or LIKELY, model.t2s.config.vocab_size)

    def prefill(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
        return lambda *inputs: original(*inputs) * 0 + beginning

    def decode_step(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
        return lambda tokens, *rest: original(tokens, *rest) * 0 + table[tokens]

    t2s: Any = model.t2s
    with ExitStack() as stack:
        stack.enter_context(patch.object(t2s, "prefill", prefill(t2s.prefill)))
        stack.enter_context(patch.object(t2s, "decode_step", decode_step(t2s.decode_step)))
        yield


def seed_whose(model: LoadedModel, *courses: Course) -> int:
    """Return the first seed whose first segment's takes go by these courses, as likely as usual."""
    decoder = TokenDecoder(model.t2s, 1792)
    inputs = DecodeInputs(
        torch.ones(4, dtype=torch.long), torch.zeros(4, 1024), torch.ones(4, dtype=torch.long)
    )

    def course(seed: int, take: int) -> Course:
        with closing(decoder.decode(inputs, SamplingParams(), seed, 0, take)) as tokens:
            return Course(next(tokens) // _PER_COURSE)

    with wayward(model):
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
