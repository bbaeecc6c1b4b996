"""One request, spoken from beginning to end: the plain way that the engine is held to, byte for byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator
from contextlib import closing

from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.guards import Takes
from tts_core.models.gpt_sovits.heard_voices import HeardVoices, PromptOf
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Part, Script, SpeakingOptions, write_script
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, Work, run_windows
from tts_core.request import SynthesisRequest


class Utterance:
    """A request on its way to audio: no threads, no streams, no neighbours.

    Args:
        language: what to read the text as.
        decoder: speaks one segment at a time.
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
        self._request, self._language = request, language
        self._model, self._decoder, self._voice_of = model, decoder, HeardVoices(prompt_of, model)
        self._options = dataclasses.replace(options, max_len=decoder.max_len)

    def speak(self) -> Iterator[bytes]:
        """Yield PCM.

        Raises:
            RequestError: the text or the voice can't be spoken.
            FloatingPointError: the model gave no finite numbers.
        """
        script = write_script(self._request, self._language, self._model, self._voice_of, self._options)
        for index in range(self._request.first_segment, script.num_segments):
            yield from self._speak_segment(script, index)
            if index + 1 < script.num_segments:
                yield script.pause(self._model.sample_rate_hz)

    def _speak_segment(self, script: Script, index: int) -> Iterator[bytes]:
        part = script.read(index, self._model)
        vocoder, takes = script.vocoder(part, self._model), script.takes(part)
        codes: list[int] | None = None
        while codes is None:
            codes = yield from self._take(script, part, vocoder, takes)
        yield from self._vocode(vocoder, codes, is_complete=True)

    def _take(
        self, script: Script, part: Part, vocoder: SegmentVocoder, takes: Takes | None
    ) -> Generator[bytes, None, list[int] | None]:
        """Say a segment once, yield the PCM that is due, and return its tokens, or None to say it again."""
        codes: list[int] = []
        take = takes.take if takes else 0
        tokens = self._decoder.decode(part.inputs, script.sampling, self._request.seed, part.index, take)
        with closing(tokens):
            for code in tokens:
                codes.append(code)
                if takes and takes.watch(code):
                    return takes.end(codes, is_complete=False).codes
                # What is watched is heard a token later, when more is known about it.
                yield from self._vocode(vocoder, codes[:-1] if takes else codes, is_complete=False)
        is_complete = len(codes) < script.most_tokens(len(part.inputs))
        return takes.end(codes, is_complete=is_complete).codes if takes else codes

    def _vocode(self, vocoder: SegmentVocoder, codes: list[int], *, is_complete: bool) -> Iterator[bytes]:
        """Do what is due, and yield the PCM of one window at a time."""
        generator, num_rows = self._model.sovits.generator, self._options.num_window_rows
        while work := vocoder.due(len(codes), is_complete):
            if work is Work.SHAPE:
                vocoder.shape(codes, is_complete)
            else:
                (audio,) = run_windows(generator, [vocoder.next_window()], num_rows)
                yield vocoder.accept(audio)
