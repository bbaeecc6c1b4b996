"""Run every shape once before the first listener, so that they wait no longer than the hundredth."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.engine.memory import MAX_REFERENCE_S
from tts_core.engine.model_runner import ModelRunner, Row
from tts_core.engine.rows import check_windows
from tts_core.engine.sampler import NoiseSource
from tts_core.frontend.cut import MAX_PIECE_CHARS
from tts_core.models.gpt_sovits.conditioning import style_of
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.features import SPEECH_RATE_HZ
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style
from tts_core.models.gpt_sovits.vocoding import (
    WINDOW_FRAMES,
    SegmentVoice,
    WindowInputs,
    anchored_latents_of,
    latents_of,
)
from tts_core.sampling_params import MAX_TOKENS, SamplingParams

_log = logging.getLogger(__name__)

_NUM_CODES = (16, 64)
_NUM_FRAMES = 64
_MAX_PROMPT = 512
"""The longest prompt that is usual; rarer ones pay for their shape when they come."""


@dataclass(frozen=True)
class _Silence:
    """A voice of silence."""

    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]


def warm_up(model: LoadedModel, runner: ModelRunner) -> None:
    """Read prompts, decode, compute latents and generate windows in every kind of shape.

    On a GPU that includes the largest of each, so that its allocator never needs more than it has by then.
    Decode steps of other numbers of rows were run when they were proven.
    """
    is_cuda = model.device.type == "cuda"
    style = style_of(_silence(model), model)
    _timed("prompts", lambda: _prompts(model, runner, is_cuda))
    _timed("a decode step", lambda: _decode(runner))
    if runner.shelves.count:
        _timed("parking", lambda: _park(runner))
    _timed("windows", lambda: _windows(model, runner))
    _timed("latents", lambda: _latents(model, runner, style, is_cuda))
    _timed("readers", lambda: _readers(model, is_cuda))


def _timed(name: str, work: Callable[[], None]) -> None:
    started = time.perf_counter()
    work()
    _log.debug("warmed up %s in %.2f s", name, time.perf_counter() - started)


def _prompts(model: LoadedModel, runner: ModelRunner, is_cuda: bool) -> None:
    params = SamplingParams()
    for length in _prompt_lengths(runner, is_cuda):
        num_phones = length // 2
        inputs = DecodeInputs(
            phones=torch.zeros(num_phones, dtype=torch.long, device=model.device),
            bert=torch.zeros(num_phones, model.t2s.config.bert_dim, dtype=model.dtype, device=model.device),
            prompt=torch.zeros(length - num_phones, dtype=torch.long, device=model.device),
        )
        runner.prefill(inputs, 0, params, NoiseSource(0, 0))
        runner.clear(0, length)


def _prompt_lengths(runner: ModelRunner, is_cuda: bool) -> Iterator[int]:
    """Yield every length that is padded to on a GPU; a few on a CPU, whose kernels fit many lengths."""
    multiple, longest = runner.shapes.prompt_multiple, runner.max_len - 1
    if is_cuda:
        yield longest
        yield from range(multiple, min(_MAX_PROMPT, longest) + 1, multiple)
    else:
        yield from (length for length in (multiple, 4 * multiple, _MAX_PROMPT) if length <= longest)


def _decode(runner: ModelRunner) -> None:
    rows = [
        Row(slot=slot, token=0, position=1, audio_position=1, step=0, may_end=True)
        for slot in range(runner.num_slots)
    ]
    runner.decode(rows, runner.num_slots)
    for row in rows:
        runner.clear(row.slot, 2)


def _park(runner: ModelRunner) -> None:
    """Park the longest sequence, and let it come back."""
    last = runner.max_len - 1
    row = Row(slot=0, token=0, position=last, audio_position=0, step=1, may_end=True)
    runner.park(row, 0)
    nothing = torch.zeros(0, dtype=torch.long, device=runner.cache.keys.device)
    runner.restore(row, 0, SamplingParams(), NoiseSource(0, 0), nothing)
    runner.forget(0)
    runner.clear(0, last)


def _windows(model: LoadedModel, runner: ModelRunner) -> None:
    for windows in noise_windows(model, runner):
        check_windows(runner.generate, windows)


def noise_windows(model: LoadedModel, runner: ModelRunner) -> Iterator[list[WindowInputs]]:
    """Yield as many of every size as are generated at once.

    With a mask, as at a segment's ends; without one the same kernels run.
    """
    style = style_of(_silence(model), model)
    draw = torch.Generator(model.device).manual_seed(0)
    for size in WINDOW_FRAMES:
        yield [_window(model, style, size, draw) for _ in range(runner.shapes.window_rows)]


def _window(model: LoadedModel, style: Style, size: int, draw: torch.Generator) -> WindowInputs:
    context = model.sovits.generator.receptive_field_frames
    shape = (1, model.sovits.config.latent_channels, size + 2 * context)
    latents = torch.randn(shape, generator=draw, device=model.device).to(model.dtype)
    mask = torch.ones_like(latents[:, :1])
    mask[:, :, :context] = 0
    return WindowInputs(latents, mask, style.audio, size, context)


def _latents(model: LoadedModel, runner: ModelRunner, style: Style, is_cuda: bool) -> None:
    voice = SegmentVoice((0,) * 16, style, seed=0, segment=0, speed=1.0, noise_scale=0.0)
    for num_codes in (*_NUM_CODES, *([min(runner.max_len, MAX_TOKENS)] if is_cuda else [])):
        latents_of(model.sovits, voice, (0,) * num_codes)
        anchored_latents_of(model.sovits, voice, (0,) * num_codes)


def _readers(model: LoadedModel, is_cuda: bool) -> None:
    """Read a text, and on a GPU the longest one and the longest reference."""
    if model.phone_features is not None and model.phone_features.is_loaded:
        count = MAX_PIECE_CHARS if is_cuda else 2
        model.phone_features("好" * count, (2,) * count)
    if is_cuda:
        model.speech_features(torch.zeros(MAX_REFERENCE_S * SPEECH_RATE_HZ))


def _silence(model: LoadedModel, num_phones: int = 16) -> _Silence:
    config = model.sovits.config
    bins = config.fft_samples // 2 + 1
    return _Silence(
        tokens=torch.zeros(_NUM_CODES[0], dtype=torch.long),
        phones=(0,) * num_phones,
        bert=torch.zeros(model.t2s.config.bert_dim, num_phones),
        spectrograms=(torch.zeros(bins, _NUM_FRAMES),),
        speakers=(torch.zeros(config.speaker_channels),) if config.is_pro else (),
    )
