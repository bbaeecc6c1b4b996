"""What a request comes to, once its text was read and its voice was listened to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tts_core.errors import InvalidParameter
from tts_core.frontend.lexicon import Lexicon, Words
from tts_core.frontend.pipeline import PhoneSequence
from tts_core.models.gpt_sovits.conditioning import (
    PromptFeatures,
    decode_inputs,
    pieces_of,
    read_piece,
    style_of,
)
from tts_core.models.gpt_sovits.decoding import DecodeInputs, check_fits, most_tokens
from tts_core.models.gpt_sovits.guards import Expectation, Takes
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, SegmentVoice, num_given, silence
from tts_core.request import SynthesisRequest
from tts_core.sampling_params import SamplingParams

PromptOf = Callable[[str], PromptFeatures]
"""From a voice's id to its prompt. May take a second; raises RequestError where there is none."""


@dataclass(frozen=True)
class SpeakingOptions:
    """What an engine adds to requests.

    Attributes:
        noise_scale: how much latents vary; the reference's value.
        pause_s: silence between the pieces of a request; none follows the last.
        sampling: for requests without their own.
        max_len: phones, prompt and tokens of one piece together.
        num_window_rows: rows of a call to the generator. Bytes depend on it, so an engine that batches
            windows and whoever is compared with it must have the same.
        words: the server's own, with their phones.
    """

    noise_scale: float = 0.5
    pause_s: float = 0.3
    sampling: SamplingParams = field(default_factory=SamplingParams)
    max_len: int = 1792
    num_window_rows: int = 1
    words: Words | None = None


@dataclass(frozen=True, eq=False)
class Script:
    """A request, ready to be spoken segment by segment. Never changed.

    Attributes:
        request: as it was asked for, with its voice's defaults.
        phones: of each segment, in order.
        prompt: the voice as T2S reads it, and `style` as SoVITS does.
        sampling: the request's, or the engine's own.
        options: what requests don't say.
    """

    request: SynthesisRequest
    phones: tuple[PhoneSequence, ...]
    prompt: PromptFeatures
    style: Style
    sampling: SamplingParams
    options: SpeakingOptions

    @property
    def num_segments(self) -> int:
        return len(self.phones)

    @property
    def num_dropped(self) -> int:
        """Letters and digits of the text that its language can't speak."""
        return sum(sequence.num_dropped for sequence in self.phones)

    def inputs(self, index: int, model: LoadedModel) -> DecodeInputs:
        """Return what T2S reads for a segment; runs BERT where its language has it."""
        return decode_inputs(self.phones[index], self.prompt, model)

    def pause(self, sample_rate_hz: int) -> bytes:
        """Return the silence between two segments."""
        return silence(round(self.options.pause_s * sample_rate_hz))

    def most_tokens(self, num_inputs: int) -> int:
        """Return how many tokens a segment of so many inputs may have."""
        return most_tokens(num_inputs, self.sampling, self.options.max_len)

    def takes(self, index: int) -> Takes | None:
        """Return what watches over a segment's tokens, or None where they are taken as they come."""
        if not self.sampling.is_guarded:
            return None
        request = self.request
        given = partial(num_given, speed=request.speed, is_first=index == 0, low_latency=request.low_latency)
        return Takes(Expectation.of(self.phones[index].phones), given)

    def vocoder(self, index: int, model: LoadedModel) -> SegmentVocoder:
        """Return what will make audio of the segment's tokens."""
        voice = SegmentVoice(
            phones=self.phones[index].ids,
            style=self.style,
            seed=self.request.seed,
            segment=index,
            speed=self.request.speed,
            noise_scale=self.options.noise_scale,
        )
        low_latency = self.request.low_latency
        return SegmentVocoder(model.sovits, voice, is_first=index == 0, low_latency=low_latency)


def write_script(
    request: SynthesisRequest,
    language: str,
    model: LoadedModel,
    prompt_of: PromptOf,
    options: SpeakingOptions,
) -> Script:
    """Read a request's text and listen to its voice. All that can be wrong with a request shows here.

    Raises:
        RequestError: the text or the voice can't be spoken.
    """
    pieces = pieces_of(request.segments, language)
    if not 0 <= request.first_segment < len(pieces):
        raise InvalidParameter(
            f"first_segment must be below {len(pieces)}, not {request.first_segment}", param="first_segment"
        )
    lexicon = Lexicon(language, options.words, request.lexicon, request.inline_phones)
    phones = tuple(read_piece(text, language, model, lexicon) for text in pieces)
    prompt = prompt_of(request.voice)
    sampling = request.sampling or options.sampling
    longest = max(map(len, phones)) + len(prompt.phones) + len(prompt.tokens)
    check_fits(longest, sampling, options.max_len)
    return Script(request, phones, prompt, style_of(prompt, model), sampling, options)
