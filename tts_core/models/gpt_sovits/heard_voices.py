"""Voices as requests need them, kept since they were last asked for.

What is known of a voice's recordings lies on a disk, in megabytes that are checked whenever they are read,
and SoVITS makes a style of them, with which every request for the voice begins. What is left of it is small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from tts_core.errors import InvalidVoice
from tts_core.models.gpt_sovits.conditioning import PromptFeatures, style_of
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style
from tts_core.request import Reference

MOST_VOICES = 64
"""Some 0.5 MB each."""

PromptOf = Callable[[Reference], PromptFeatures]
"""From a reference to its prompt. May take a second; raises RequestError where there is none."""


@dataclass(frozen=True, eq=False)
class HeardVoice:
    """A voice as T2S reads it, and as SoVITS does.

    Attributes:
        tokens, phones, bert: see `PromptFeatures`.
        style: of all its references.
    """

    tokens: Tensor
    phones: tuple[int, ...]
    bert: Tensor
    style: Style


class HeardVoices:
    """Gives a reference's voice; what was asked for longest ago is forgotten first. For one thread.

    A reference must mean the same for good: voices are named by what is in them, not by what they are called.

    Args:
        prompt_of: a reference's prompt features. Asked again where it failed.
        model: whose style it is.

    Raises:
        InvalidVoice: of a voice, when asked for it: its recordings give no finite numbers.
    """

    def __init__(self, prompt_of: PromptOf, model: LoadedModel) -> None:
        self._prompt_of, self._model = prompt_of, model
        self._hear_once = lru_cache(MOST_VOICES)(self._hear)

    def __call__(self, reference: Reference) -> HeardVoice:
        return self._hear_once(reference)

    def _hear(self, reference: Reference) -> HeardVoice:
        prompt = self._prompt_of(reference)
        phones, style = tuple(map(int, prompt.phones)), style_of(prompt, self._model)
        if not all(part.isfinite().all() for part in (prompt.bert, style.audio, style.text)):
            # Whatever it speaks would fail in the models, as if they were at fault.
            raise InvalidVoice(f"voice {reference.voice}: what model {self._model.name!r} hears isn't finite")
        return HeardVoice(prompt.tokens, phones, prompt.bert, style)
