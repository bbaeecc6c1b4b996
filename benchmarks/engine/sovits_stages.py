"""SoVITS stage by stage: latents, their noise, and windows of audio."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.engine.clock import Clock
from benchmarks.engine.measured import FRAMES_PER_S, TOKENS_PER_S, Measured
from benchmarks.engine.sovits_work import generator_work, latents_work
from benchmarks.engine.voices import Sentence
from tts_core.engine.model_runner import ModelRunner
from tts_core.models.gpt_sovits.noise import Purpose, normal
from tts_core.models.gpt_sovits.sovits import SoVITS, num_frames
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES, WindowInputs, latents_of

LATENTS, LATENT_NOISE, WINDOW = "latents with noise", "noise of latents", "window"
_ENOUGH_TOKENS = sum(WINDOW_FRAMES)  # twice as many frames: no window but the first touches an end


class SoVITSStages:
    """Measures SoVITS as the engine runs it.

    Args:
        runner: generates windows.
        token_counts: lengths of segments; the sentence's own is measured in any case.
    """

    def __init__(
        self,
        sovits: SoVITS,
        runner: ModelRunner,
        clock: Clock,
        token_counts: tuple[int, ...],
        sentence: Sentence,
    ) -> None:
        self._sovits, self._runner, self._clock, self._sentence = sovits, runner, clock, sentence
        self._token_counts = sorted({*token_counts, len(sentence.codes)})

    def measure(self) -> Iterator[Measured]:
        """Yield every stage in every size."""
        for count in self._token_counts:
            yield self._latents(count)
            yield self._noise(count)
        for window in self._windows():
            yield self._window(window)

    def _latents(self, count: int) -> Measured:
        codes, voice = self._sentence.tokens(count), self._sentence.voice
        timing = self._clock.time(lambda: latents_of(self._sovits, voice, codes))
        work = latents_work(self._sovits.config, count, len(voice.phones), self._item_bytes)
        return Measured(LATENTS, {"tokens": count}, timing, work, count / TOKENS_PER_S)

    def _noise(self, count: int) -> Measured:
        positions = torch.arange(num_frames(count), device=self._sovits.device)
        zeros, channels = torch.zeros_like(positions), self._sovits.config.latent_channels
        timing = self._clock.time(lambda: normal(zeros, zeros, Purpose.LATENT, positions, channels))
        return Measured(LATENT_NOISE, {"tokens": count}, timing, None, count / TOKENS_PER_S)

    def _windows(self) -> list[WindowInputs]:
        """Return a window of each size, as they begin a request."""
        vocoder = self._sentence.shaped(_ENOUGH_TOKENS)
        return [vocoder.next_window() for _ in WINDOW_FRAMES]

    def _window(self, window: WindowInputs) -> Measured:
        rows = self._runner.shapes.window_rows
        timing = self._clock.time(lambda: self._runner.generate([window] * rows))
        frames = window.size * rows
        work = generator_work(self._sovits.config, frames, self._item_bytes)
        return Measured(WINDOW, {"frames": window.size, "rows": rows}, timing, work, frames / FRAMES_PER_S)

    @property
    def _item_bytes(self) -> int:
        return self._sovits.dtype.itemsize
