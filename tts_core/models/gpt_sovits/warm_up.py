"""Run every shape once before the first listener, so that they wait no longer than the hundredth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.conditioning import style_of
from tts_core.models.gpt_sovits.decoding import DecodeInputs, TokenDecoder
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

_NUM_PHONES = 16
_NUM_TOKENS = 8
_NUM_FRAMES = 64


@dataclass(frozen=True)
class _Prompt:
    """A voice of silence."""

    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]


def warm_up(model: LoadedModel, decoder: TokenDecoder) -> None:
    """Speak a few tokens in the voice of silence, through every stage and every size of window."""
    prompt = _silent_prompt(model)
    inputs = DecodeInputs(
        phones=torch.tensor(prompt.phones, device=model.device),
        bert=prompt.bert.T.to(model.device, model.dtype),
        prompt=prompt.tokens.to(model.device),
    )
    params = SamplingParams(ignore_eos=True, max_tokens=_NUM_TOKENS, min_tokens=1)
    codes = tuple(decoder.decode(inputs, params, seed=0, segment=0))
    _warm_up_sovits(model, style_of(prompt, model), prompt.phones, codes)
    if model.phone_features is not None:
        model.phone_features("你好", (2, 2))


def _warm_up_sovits(model: LoadedModel, style: Style, phones: Sequence[int], codes: Sequence[int]) -> None:
    voice = SegmentVoice(phones, style, seed=0, segment=0, speed=1.0, noise_scale=0.0)
    latents = latents_of(model.sovits, voice, codes)
    generator = model.sovits.generator
    context = generator.receptive_field_frames
    for size in WINDOW_FRAMES:
        window = cut_window(latents, 0, size, context)
        inputs = WindowInputs(window.latents, window.mask, style.audio, size, context)
        run_windows(generator, [inputs], num_rows=1)


def _silent_prompt(model: LoadedModel) -> _Prompt:
    config = model.sovits.config
    bins = config.fft_samples // 2 + 1
    return _Prompt(
        tokens=torch.zeros(_NUM_TOKENS, dtype=torch.long),
        phones=(0,) * _NUM_PHONES,
        bert=torch.zeros(model.t2s.config.bert_dim, _NUM_PHONES),
        spectrograms=(torch.zeros(bins, _NUM_FRAMES),),
        speakers=(torch.zeros(config.speaker_channels),) if config.is_pro else (),
    )
