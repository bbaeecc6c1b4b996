"""Voices of noise and one sentence: what engines are measured with where there are no recordings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.engine.settings import VoiceSizes
from tts_core.models.gpt_sovits.conditioning import decode_inputs, read_piece, style_of
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, SegmentVoice
from tts_core.voice import VoiceInfo

TEXT = "Good morning to all of you, and welcome to the show; today we speak of rivers."
LANGUAGE = "en"
NOISE_SCALE = 0.5


@dataclass(frozen=True, eq=False)
class NoisePrompt:
    """Prompt features of a recording of noise; see `PromptFeatures`."""

    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]


def noise_prompt(model: LoadedModel, sizes: VoiceSizes, seed: int) -> NoisePrompt:
    """Return the prompt of a voice that `seed` names."""
    draw = torch.Generator().manual_seed(seed)
    config, t2s = model.sovits.config, model.t2s.config
    phones = torch.randint(0, t2s.num_phones, (sizes.phones,), generator=draw)
    bins = config.fft_samples // 2 + 1
    return NoisePrompt(
        tokens=torch.randint(0, config.codebook_size, (sizes.prompt_tokens,), generator=draw),
        phones=tuple(phones.tolist()),
        bert=torch.zeros(t2s.bert_dim, sizes.phones),
        spectrograms=(torch.rand(bins, sizes.spectrogram_frames, generator=draw),),
        speakers=(torch.randn(config.speaker_channels, generator=draw),) if config.is_pro else (),
    )


def catalogue(model: LoadedModel, count: int) -> tuple[VoiceInfo, ...]:
    """Return as many voices, named by their seeds."""
    return tuple(
        VoiceInfo(id=str(seed), name=f"Voice {seed}", language=LANGUAGE, model=model.name)
        for seed in range(count)
    )


class Sentence:
    """The sentence that is spoken, as each stage reads it.

    Attributes:
        codes: its semantic tokens.
        inputs: what T2S reads before them.
        prompt: of the voice.
        voice: what SoVITS reads with them.
    """

    def __init__(self, model: LoadedModel, sizes: VoiceSizes, num_tokens: int) -> None:
        self._model = model
        phones = read_piece(TEXT, LANGUAGE, model)
        self.prompt = noise_prompt(model, sizes, 0)
        self.inputs: DecodeInputs = decode_inputs(phones, self.prompt, model)
        style = style_of(self.prompt, model)
        self.voice = SegmentVoice(phones.ids, style, seed=0, segment=0, speed=1.0, noise_scale=NOISE_SCALE)
        self.codes = self.tokens(num_tokens)

    def tokens(self, count: int) -> list[int]:
        """Return semantic tokens as they might be drawn."""
        draw = torch.Generator().manual_seed(count)
        size = self._model.sovits.config.codebook_size
        return torch.randint(0, size, (count,), generator=draw).tolist()

    def shaped(self, count: int) -> SegmentVocoder:
        """Return the books of a request's first segment of `count` tokens, whose windows are to be cut."""
        vocoder = SegmentVocoder(self._model.sovits, self.voice, is_first=True, low_latency=False)
        vocoder.shape(self.tokens(count), is_complete=True)
        return vocoder

    def window_sizes(self) -> list[int]:
        """Return the sizes of the windows that the sentence is vocoded in."""
        vocoder, sizes = self.shaped(len(self.codes)), []
        while vocoder.window_frames:
            sizes.append(vocoder.next_window().size)
        return sizes
