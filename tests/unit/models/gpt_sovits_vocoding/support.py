"""Segments made of a formula, and the plainest way to vocode them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from tests.unit.models.gpt_sovits.builders import style
from tts_core.models.gpt_sovits.sovits import SoVITS
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, SegmentVoice, Work, run_windows

HOP = 640


def codes_of(count: int, seed: int = 1) -> list[int]:
    codes: list[int] = torch.randint(1024, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    return codes


def voice_of(sovits: SoVITS, seed: int = 7, speed: float = 1.0, noise_scale: float = 0.5) -> SegmentVoice:
    phones = tuple(code % 300 for code in codes_of(25, seed=2))
    return SegmentVoice(phones, style(sovits, 3), seed, segment=0, speed=speed, noise_scale=noise_scale)


def new_vocoder(
    sovits: SoVITS, voice: SegmentVoice, *, is_first: bool = True, low_latency: bool = False
) -> SegmentVocoder:
    return SegmentVocoder(sovits, voice, is_first=is_first, low_latency=low_latency)


def vocode(sovits: SoVITS, vocoder: SegmentVocoder, codes: list[int]) -> list[bytes]:
    """Take each token as it comes and do what is due, one thing at a time. Returns each window's PCM."""
    spoken = []
    for count in range(1, len(codes) + 2):
        known, is_complete = codes[:count], count > len(codes)
        while work := vocoder.due(len(known), is_complete):
            if work is Work.SHAPE:
                vocoder.shape(known, is_complete)
            else:
                (audio,) = run_windows(sovits.generator, [vocoder.next_window()], num_rows=1)
                spoken.append(vocoder.accept(audio))
    assert vocoder.is_finished
    return spoken


def exact(sovits: SoVITS, voice: SegmentVoice, codes: list[int]) -> bytes:
    return b"".join(vocode(sovits, new_vocoder(sovits, voice), codes))


def early(sovits: SoVITS, voice: SegmentVoice, codes: list[int]) -> bytes:
    return b"".join(vocode(sovits, new_vocoder(sovits, voice, low_latency=True), codes))


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2") / 32767
