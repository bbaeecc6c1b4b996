"""One request, spoken from beginning to end: the plain way that the engine is held to, byte for byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import PromptOf, Script, SpeakingOptions, write_script
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
        self._model, self._decoder, self._prompt_of = model, decoder, prompt_of
        self._options = dataclasses.replace(options, max_len=decoder.max_len)

    def speak(self) -> Iterator[bytes]:
        """Yield PCM. All that can be wrong with a request shows before its first audio.

        Raises:
            RequestError: the text or the voice can't be spoken.
            FloatingPointError: the model gave no finite numbers.
        """
        script = write_script(self._request, self._language, self._model, self._prompt_of, self._options)
        for index in range(self._request.first_segment, script.num_segments):
            yield from self._speak_segment(script, index)
            if index + 1 < script.num_segments:
                yield script.pause(self._model.sample_rate_hz)

    def _speak_segment(self, script: Script, index: int) -> Iterator[bytes]:
        vocoder = script.vocoder(index, self._model)
        inputs = script.inputs(index, self._model)
        codes: list[int] = []
        for code in self._decoder.decode(inputs, script.sampling, self._request.seed, index):
            codes.append(code)
            yield from self._vocode(vocoder, codes, is_complete=False)
        yield from self._vocode(vocoder, codes, is_complete=True)

    def _vocode(self, vocoder: SegmentVocoder, codes: list[int], *, is_complete: bool) -> Iterator[bytes]:
        """Do what is due, and yield the PCM of one window at a time."""
        generator, num_rows = self._model.sovits.generator, self._options.num_window_rows
        while work := vocoder.due(len(codes), is_complete):
            if work is Work.SHAPE:
                vocoder.shape(codes, is_complete)
            else:
                (audio,) = run_windows(generator, [vocoder.next_window()], num_rows)
                yield vocoder.accept(audio)
