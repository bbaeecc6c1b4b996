"""One request, spoken from beginning to end in small steps; no word of threads, streams or neighbours."""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from tts_core.frontend.pipeline import PhoneSequence
from tts_core.models.gpt_sovits.conditioning import (
    PromptFeatures,
    decode_inputs,
    pieces_of,
    read_piece,
    style_of,
)
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, SegmentVoice, Work, run_windows, silence
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
    """

    noise_scale: float = 0.5
    pause_s: float = 0.3
    sampling: SamplingParams = field(default_factory=SamplingParams)
    max_len: int = 1792
    num_window_rows: int = 1


class Stage(enum.Enum):
    """What is being done, for whoever reports a failure."""

    READING = "reading the text"
    LISTENING = "listening to the voice"
    DECODING = "decoding tokens"
    SHAPING = "computing latents"
    VOCODING = "generating audio"


class Utterance:
    """A request on its way to audio.

    Attributes:
        stage: what is being done now.
        piece: the index of the piece that it is done for.

    Args:
        language: what to read the text as.
        decoder: shared by all utterances of an engine, one segment at a time.
    """

    def __init__(
        self,
        request: SynthesisRequest,
        language: str,
        model: LoadedModel,
        decoder: TokenDecoder,
        prompt_of: PromptOf,
        options: SpeakingOptions,
    ) -> None:
        self.stage = Stage.READING
        self.piece = 0
        self._request, self._language = request, language
        self._model, self._decoder, self._prompt_of, self._options = model, decoder, prompt_of, options
        self._sampling = request.sampling or options.sampling

    def speak(self) -> Generator[bytes, None, None]:
        """Yield PCM, and nothing (b"") after each step in between, where it may be closed but not left.

        Whoever has been given PCM may let other utterances go on before this one; after b"" the decoder may
        be in use. All that can be wrong with a request shows before its first audio.

        Raises:
            RequestError: the text or the voice can't be spoken.
            FloatingPointError: the model gave no finite numbers.
        """
        sequences: list[PhoneSequence] = []
        for text in pieces_of(self._request.segments, self._language):
            sequences.append(read_piece(text, self._language, self._model))
            yield b""
        self.stage = Stage.LISTENING
        prompt = self._prompt_of(self._request.voice)
        style = style_of(prompt, self._model)
        longest = max(map(len, sequences)) + len(prompt.phones) + len(prompt.tokens)
        self._decoder.check_fits(longest, self._sampling)
        yield b""
        for self.piece, sequence in enumerate(sequences):
            yield from self._speak_piece(sequence, prompt, style)
            if self.piece + 1 < len(sequences):
                yield silence(round(self._options.pause_s * self._model.sample_rate_hz))

    def _speak_piece(self, sequence: PhoneSequence, prompt: PromptFeatures, style: Style) -> Iterator[bytes]:
        vocoder = self._vocoder(sequence, style)
        codes: list[int] = []
        early: list[bytes] = []  # kept while the decoder is in use, since PCM lets others have it
        with closing(self._decode(sequence, prompt)) as decoding:
            for code in decoding:
                codes.append(code)
                yield b""
                for pcm in self._vocode(vocoder, codes, is_complete=False):
                    early.append(pcm)
                    yield b""
                self.stage = Stage.DECODING
        yield from early
        yield from self._vocode(vocoder, codes, is_complete=True)

    def _vocoder(self, sequence: PhoneSequence, style: Style) -> SegmentVocoder:
        request = self._request
        voice = SegmentVoice(
            phones=sequence.ids,
            style=style,
            seed=request.seed,
            segment=self.piece,
            speed=request.speed,
            noise_scale=self._options.noise_scale,
        )
        return SegmentVocoder(
            self._model.sovits, voice, is_first=self.piece == 0, low_latency=request.low_latency
        )

    def _vocode(self, vocoder: SegmentVocoder, codes: list[int], *, is_complete: bool) -> Iterator[bytes]:
        """Do what is due, one window at a time, and yield PCM or nothing after each step."""
        generator, num_rows = self._model.sovits.generator, self._options.num_window_rows
        while work := vocoder.due(len(codes), is_complete):
            if work is Work.SHAPE:
                self.stage = Stage.SHAPING
                vocoder.shape(codes, is_complete)
                yield b""
            else:
                self.stage = Stage.VOCODING
                (audio,) = run_windows(generator, [vocoder.next_window()], num_rows)
                yield vocoder.accept(audio)

    def _decode(self, sequence: PhoneSequence, prompt: PromptFeatures) -> Generator[int, None, None]:
        self.stage = Stage.DECODING
        inputs = decode_inputs(sequence, prompt, self._model)
        return self._decoder.decode(inputs, self._sampling, self._request.seed, self.piece)
