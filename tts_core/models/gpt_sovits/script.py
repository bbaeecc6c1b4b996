"""What a request comes to, once its voice was listened to: its text is read segment by segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

from tts_core.errors import InvalidParameter
from tts_core.frontend.lexicon import Lexicon, Words
from tts_core.frontend.pipeline import PhoneSequence, settle
from tts_core.frontend.typical_times import timed_words
from tts_core.frontend.words import Extent
from tts_core.models.gpt_sovits.conditioning import (
    Piece,
    decode_inputs,
    pieces_of,
    read_piece,
    sayable,
)
from tts_core.models.gpt_sovits.decoding import DecodeInputs, check_fits, most_tokens
from tts_core.models.gpt_sovits.guards import Expectation, Takes
from tts_core.models.gpt_sovits.heard_voices import HeardVoice
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.places import places_of
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, SegmentVoice, num_given, silence
from tts_core.request import Reference, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.timing.marks import Word

VoiceOf = Callable[[Reference], HeardVoice]
"""From a reference to its voice. May take a second; raises RequestError where there is none."""


@dataclass(frozen=True)
class SpeakingOptions:
    """What an engine adds to requests.

    Attributes:
        noise_scale: how much latents vary; the reference's value.
        pause_s: silence between the pieces of a request without its own; none follows the last.
        sampling: for requests without their own.
        max_len: phones, prompt and tokens of one piece together.
        num_window_rows: rows of a call to the generator. Bytes depend on it, so an engine that batches
            windows and whoever is compared with it must have the same.
        words: the server's own, with their phones.
    """

    noise_scale: float = 0.5
    pause_s: float = 0.3
    sampling: SamplingParams = field(default_factory=SamplingParams)
    max_len: int = 1280
    num_window_rows: int = 1
    words: Words | None = None


@dataclass(frozen=True, eq=False)
class Part:
    """One segment, read.

    Attributes:
        index: its position among the pieces of its request.
        phones: its own, and `inputs` what T2S reads: the prompt's, too.
        num_dropped: letters and digits that nobody hears: of its text, and left out since the segment before.
        words: of its text, if the request is timed.
    """

    index: int
    phones: PhoneSequence
    inputs: DecodeInputs
    num_dropped: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, eq=False)
class Script:
    """A request, ready to be read and spoken segment by segment. Never changed.

    Attributes:
        request: as it was asked for, with its voice's defaults.
        pieces: its segments, in order.
        language: what to read them as, and `lexicon` the words whose phones were given.
        voice: that speaks.
        sampling: the request's, or the engine's own.
        options: what requests don't say.
    """

    request: SynthesisRequest
    pieces: tuple[Piece, ...]
    language: str
    lexicon: Lexicon
    voice: HeardVoice
    sampling: SamplingParams
    options: SpeakingOptions

    @property
    def num_segments(self) -> int:
        return len(self.pieces)

    def read(self, index: int, model: LoadedModel) -> Part:
        """Read a segment; runs BERT where its language has it.

        Raises:
            EmptyInput, InputTooLong, UnsupportedLanguage: it can't be spoken.
        """
        piece = self.pieces[index]
        phones = read_piece(piece.text, self.language, model, self.lexicon)
        num_inputs = len(phones) + len(self.voice.phones) + len(self.voice.tokens)
        check_fits(num_inputs, self.sampling, self.options.max_len)
        num_dropped = piece.num_left_out + phones.num_dropped
        inputs = decode_inputs(phones, self.voice, model)
        return Part(index, phones, inputs, num_dropped, self._words(index, model))

    def _words(self, index: int, model: LoadedModel) -> tuple[Word, ...]:
        """Return the words of a segment, as they stand in the request's text."""
        if not self.request.is_timed:
            return ()
        start, end = self._places[index]
        text = "".join(segment.text for segment in self.request.segments)[start:end]
        return timed_words(text, self.language, start, model.readings)

    @cached_property
    def _places(self) -> list[Extent]:
        text = "".join(segment.text for segment in self.request.segments)
        return places_of((piece.text for piece in self.pieces), text)

    def pause(self, sample_rate_hz: int) -> bytes:
        """Return the silence between two segments."""
        own = self.request.pause_s
        return silence(round((self.options.pause_s if own is None else own) * sample_rate_hz))

    def most_tokens(self, num_inputs: int) -> int:
        """Return how many tokens a segment of so many inputs may have."""
        return most_tokens(num_inputs, self.sampling, self.options.max_len)

    def takes(self, part: Part) -> Takes | None:
        """Return what watches over a segment's tokens, or None where they are taken as they come."""
        if not self.sampling.is_guarded:
            return None
        request = self.request
        is_first = part.index == 0
        given = partial(num_given, speed=request.speed, is_first=is_first, low_latency=request.low_latency)
        return Takes(Expectation.of(part.phones.phones), given)

    def vocoder(self, part: Part, model: LoadedModel, num_known: int = 0) -> SegmentVocoder:
        """Return what will make audio of a segment's tokens, of which so many samples are known."""
        voice = SegmentVoice(
            phones=part.phones.ids,
            style=self.voice.style,
            seed=self.request.seed,
            segment=part.index,
            speed=self.request.speed,
            noise_scale=self.options.noise_scale,
        )
        return SegmentVocoder(
            model.sovits,
            voice,
            is_first=part.index == 0,
            low_latency=self.request.low_latency,
            num_known=num_known,
        )


def write_script(
    request: SynthesisRequest,
    language: str,
    model: LoadedModel,
    voice_of: VoiceOf,
    options: SpeakingOptions,
) -> Script:
    """Cut a request's text and listen to its voice.

    Pieces that hold nothing to say in their language are left out, and counted with the next. Languages that
    the model doesn't speak show here, and where there is nothing to say at all.

    Raises:
        RequestError: the text or the voice can't be spoken.
    """
    if model.readings == "natural":
        language = settle("".join(segment.text for segment in request.segments), language)
    lexicon = Lexicon(language, options.words, request.lexicon, request.inline_phones)
    texts = pieces_of(request.segments, language)
    pieces = sayable(texts, language, model.version, lexicon, model.readings)
    if not 0 <= request.first_segment < len(pieces):
        raise InvalidParameter(
            f"first_segment must be below {len(pieces)}, not {request.first_segment}", param="first_segment"
        )
    voice = voice_of(request.reference)
    sampling = request.sampling or options.sampling
    return Script(
        request=request,
        pieces=tuple(pieces),
        language=language,
        lexicon=lexicon,
        voice=voice,
        sampling=sampling,
        options=options,
    )
