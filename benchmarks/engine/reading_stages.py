"""What is done once for a voice or a text: style, spectrogram, HuBERT, speaker embedding, BERT."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.engine.clock import Clock
from benchmarks.engine.measured import Measured
from benchmarks.engine.reading_work import bert_work, hubert_work
from benchmarks.engine.sovits_work import style_work
from benchmarks.engine.voices import Sentence
from tts_core.models.gpt_sovits.conditioning import style_of
from tts_core.models.gpt_sovits.features import (
    SPEECH_RATE_HZ,
    TRAILING_SILENCE_SAMPLES,
    PhoneFeatures,
)
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.spectrogram import reference_spectrogram

STYLE, BERT = "style of a request's voice", "BERT of Chinese text"
HUBERT, SPECTROGRAM, SPEAKER = "HuBERT of a recording", "spectrogram", "speaker embedding"
RECORDING_S = 5
_CHARACTERS = (10, 30)
_BERT_MARKS = 2


class ReadingStages:
    """Measures what happens before a token is drawn, partly in another thread than the engine's."""

    def __init__(self, model: LoadedModel, clock: Clock, sentence: Sentence) -> None:
        self._model, self._clock, self._sentence = model, clock, sentence

    def measure(self) -> Iterator[Measured]:
        """Yield every stage that the model has."""
        yield self._style()
        if self._model.phone_features is not None:
            for count in _CHARACTERS:
                yield self._bert(self._model.phone_features, count)
        yield from self._recording()

    def _style(self) -> Measured:
        prompt, config = self._sentence.prompt, self._model.sovits.config
        timing = self._clock.time(lambda: style_of(prompt, self._model))
        frames = prompt.spectrograms[0].shape[1]
        work = style_work(config, frames, self._item_bytes)
        return Measured(STYLE, {"frames": frames}, timing, work)

    def _bert(self, features: PhoneFeatures, count: int) -> Measured:
        text, phones = "好" * count, (2,) * count
        timing = self._clock.time(lambda: features(text, phones))
        bert = features.bert
        num_layers = len(bert.encoder.layer)  # type: ignore[union-attr, arg-type]
        work = bert_work(bert.config, num_layers, count + _BERT_MARKS, self._item_bytes)
        return Measured(BERT, {"characters": count}, timing, work)

    def _recording(self) -> Iterator[Measured]:
        model, config = self._model, self._model.sovits.config
        recording = torch.zeros(RECORDING_S * SPEECH_RATE_HZ)
        speech, codebook = model.speech_features, model.sovits.codebook
        sizes = {"seconds": RECORDING_S}
        work = hubert_work(speech.hubert.config, len(recording) + TRAILING_SILENCE_SAMPLES, self._item_bytes)
        yield Measured(HUBERT, sizes, self._clock.time(lambda: speech.tokens(recording, codebook)), work)
        native = torch.zeros(RECORDING_S * config.sample_rate_hz)
        yield Measured(SPECTROGRAM, sizes, self._clock.time(lambda: reference_spectrogram(native, config)))
        speaker = model.speaker_encoder
        if speaker is not None:
            yield Measured(SPEAKER, sizes, self._clock.time(lambda: speaker.embed(recording)))

    @property
    def _item_bytes(self) -> int:
        return self._model.dtype.itemsize
