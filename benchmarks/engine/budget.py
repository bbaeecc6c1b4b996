"""Where the time of a second of audio goes, from the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.engine.measured import TOKENS_PER_S, Measured, find
from benchmarks.engine.sovits_stages import LATENT_NOISE, LATENTS, WINDOW
from benchmarks.engine.t2s_stages import ENGINE_STEP, PROMPT, SAMPLING, SAMPLING_NOISE, sentence_kv_len
from benchmarks.engine.voices import Sentence


@dataclass(frozen=True)
class Budget:
    """What a second of one listener's audio costs the engine's thread, with `rows` listeners in step.

    Attributes:
        parts: seconds by stage. Noise is apart from what uses it; reading text and voices isn't in it, being
            done in another thread.
    """

    rows: int
    parts: dict[str, float]

    @property
    def total_s(self) -> float:
        return sum(self.parts.values())

    @property
    def audio_s_per_s(self) -> float:
        """Return the seconds of everybody's audio that a second of computing makes."""
        return 1 / self.total_s

    def share(self, part: str) -> float:
        return self.parts[part] / self.total_s


def budgets(every: Sequence[Measured], sentence: Sentence, rows: Sequence[int]) -> list[Budget]:
    """Return the budget of the sentence for each number of rows."""
    once = _once_for_each(every, sentence)
    return [Budget(count, {**_steps(every, sentence, count), **once}) for count in rows]


def _once_for_each(every: Sequence[Measured], sentence: Sentence) -> dict[str, float]:
    count = len(sentence.codes)
    audio_s = count / TOKENS_PER_S
    latents, noise = (find(every, stage, tokens=count).seconds for stage in (LATENTS, LATENT_NOISE))
    windows_s = sum(_window_s(every, size) for size in sentence.window_sizes())
    return {
        "prompt": find(every, PROMPT, positions=len(sentence.inputs)).seconds / audio_s,
        "latents": max(0.0, latents - noise) / audio_s,
        "noise of latents": noise / audio_s,
        "windows": windows_s / audio_s,
    }


def _window_s(every: Sequence[Measured], size: int) -> float:
    """Return what one window costs, where a call is shared with as many others as fit."""
    window = next(one for one in every if one.stage == WINDOW and one.sizes["frames"] == size)
    return window.seconds / window.sizes["rows"]


def _steps(every: Sequence[Measured], sentence: Sentence, rows: int) -> dict[str, float]:
    sizes = {"rows": rows, "positions": sentence_kv_len(sentence)}
    whole, sampling = find(every, ENGINE_STEP, **sizes).seconds, find(every, SAMPLING, rows=rows).seconds
    noise = find(every, SAMPLING_NOISE, rows=1)
    return {
        "decode steps": TOKENS_PER_S * max(0.0, whole - sampling) / rows,
        "sampling": TOKENS_PER_S * sampling / rows,
        "noise of sampling": noise.seconds / noise.audio_s,
    }
