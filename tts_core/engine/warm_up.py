"""Run every shape once before the first listener, so that they wait no longer than the hundredth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.engine.model_runner import ModelRunner, Row
from tts_core.engine.sampler import NoiseSource
from tts_core.models.gpt_sovits.conditioning import style_of
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style, cut_window
from tts_core.models.gpt_sovits.vocoding import (
    WINDOW_FRAMES,
    SegmentVoice,
    WindowInputs,
    latents_of,
    run_windows,
)
from tts_core.sampling_params import SamplingParams

_NUM_CODES = 32
_NUM_FRAMES = 64
_MAX_PROMPT = 512
"""The longest prompt that is tried; rarer ones pay for their shape when they come."""


@dataclass(frozen=True)
class _Silence:
    """A voice of silence."""

    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]


def warm_up(model: LoadedModel, runner: ModelRunner) -> None:
    """Decode in every number of rows, read prompts of every usual length, and vocode in every size."""
    _warm_up_prompts(model, runner)
    _warm_up_steps(runner)
    _warm_up_vocoder(model, runner.shapes.window_rows)
    if model.phone_features is not None:
        model.phone_features("你好", (2, 2))


def _warm_up_prompts(model: LoadedModel, runner: ModelRunner) -> None:
    multiple, params = runner.shapes.prompt_multiple, SamplingParams()
    for length in range(multiple, min(_MAX_PROMPT, runner.max_len - 1) + 1, multiple):
        num_phones = length // 2
        inputs = DecodeInputs(
            phones=torch.zeros(num_phones, dtype=torch.long, device=model.device),
            bert=torch.zeros(num_phones, model.t2s.config.bert_dim, dtype=model.dtype, device=model.device),
            prompt=torch.zeros(length - num_phones, dtype=torch.long, device=model.device),
        )
        runner.prefill(inputs, 0, params, NoiseSource(0, 0))
        runner.clear(0, length)


def _warm_up_steps(runner: ModelRunner) -> None:
    for slot in range(runner.num_slots):
        row = Row(slot=slot, token=0, position=1, audio_position=1, step=0, may_end=True)
        runner.decode([row], slot + 1)
    for slot in range(runner.num_slots):
        runner.clear(slot, 2)


def _warm_up_vocoder(model: LoadedModel, num_rows: int) -> None:
    silence = _silence(model)
    style = style_of(silence, model)
    voice = SegmentVoice(silence.phones, style, seed=0, segment=0, speed=1.0, noise_scale=0.0)
    latents = latents_of(model.sovits, voice, (0,) * _NUM_CODES)
    for size in WINDOW_FRAMES:
        run_windows(model.sovits.generator, [_window(model, latents, style, size)], num_rows)


def _window(model: LoadedModel, latents: Tensor, style: Style, size: int) -> WindowInputs:
    context = model.sovits.generator.receptive_field_frames
    window = cut_window(latents, 0, size, context)
    return WindowInputs(window.latents, window.mask, style.audio, size, context)


def _silence(model: LoadedModel, num_phones: int = 16) -> _Silence:
    config = model.sovits.config
    bins = config.fft_samples // 2 + 1
    return _Silence(
        tokens=torch.zeros(_NUM_CODES, dtype=torch.long),
        phones=(0,) * num_phones,
        bert=torch.zeros(model.t2s.config.bert_dim, num_phones),
        spectrograms=(torch.zeros(bins, _NUM_FRAMES),),
        speakers=(torch.zeros(config.speaker_channels),) if config.is_pro else (),
    )
