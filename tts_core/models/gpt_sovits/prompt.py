"""What GPT-SoVITS makes of a voice, once: prompt tokens, spectrograms, speaker embeddings, phones, BERT.

The reference's way, but a voice is known by its content: the reference keeps features by the recording's path
and phones by the text alone, so it serves stale ones for a changed file or another language.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tts_core.audio.decoder import Pcm, decode
from tts_core.audio.resampler import Resampler
from tts_core.errors import EmptyInput, InvalidParameter, InvalidVoice
from tts_core.frontend.pipeline import PhoneSequence, phonemize_prompt
from tts_core.frontend.protocol import Readings
from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.features import SPEECH_RATE_HZ, PhoneFeatures, SpeechFeatures
from tts_core.models.gpt_sovits.fingerprint import surroundings
from tts_core.models.gpt_sovits.sovits.codebook import SemanticCodebook
from tts_core.models.gpt_sovits.speaker import SpeakerEncoder
from tts_core.models.gpt_sovits.spectrogram import reference_spectrogram
from tts_core.voices import Voice

FEATURES_FORMAT = 1
"""Counts up whenever the same voice and models would give other features, so that caches start afresh."""

BERT_CHANNELS = 1024
_MAX_BERT_CHARS = 510
_LOUDEST_DIVISOR = 2.0


class RecordingSource(Protocol):
    """Where a voice's uploaded files are read; a `VoiceStore` is one."""

    def read_recording(self, voice: Voice, index: int = 0) -> bytes: ...


@dataclass(frozen=True, eq=False)
class PromptFeatures:
    """A voice as a model reads it. All on the CPU; floats are float32, whatever computed them.

    Attributes:
        tokens: (T,) int64, the reference's semantic tokens at 25 Hz, 0.6 s of silence included.
        spectrograms: (bins, frames) of each recording, the reference first.
        speakers: (speaker_channels,) of each recording for the Pro versions, else nothing.
        phones: (n,) int64 ids of the reference's text.
        bert: (1024, n), zeros for phones of languages without BERT features.
    """

    tokens: Tensor
    spectrograms: tuple[Tensor, ...]
    speakers: tuple[Tensor, ...]
    phones: Tensor
    bert: Tensor

    @property
    def num_bytes(self) -> int:
        tensors = (self.tokens, *self.spectrograms, *self.speakers, self.phones, self.bert)
        return sum(tensor.nbytes for tensor in tensors)


@dataclass(frozen=True, eq=False)
class PromptEncoders:
    """The models that read a voice.

    Attributes:
        config: of the SoVITS checkpoint: its version, which decides symbols, and its spectrogram's sizes.
        speech: HuBERT.
        codebook: of the SoVITS checkpoint, on HuBERT's device.
        phones: BERT; without it all phones' features are zeros.
        speaker: ERes2NetV2, for the Pro versions alone.
        readings: how the text is read.
        num_threads: among how many torch shares what these compute, which changes bits.

    Raises:
        ValueError: a speaker encoder is missing, or there is one too many.
    """

    config: SoVITSConfig
    speech: SpeechFeatures
    codebook: SemanticCodebook
    phones: PhoneFeatures | None = None
    speaker: SpeakerEncoder | None = None
    readings: Readings = "natural"
    num_threads: int = 1

    def __post_init__(self) -> None:
        if self.config.is_pro != (self.speaker is not None):
            wanted = "a speaker encoder" if self.config.is_pro else "no speaker encoder"
            raise ValueError(f"{self.config.version} needs {wanted}.")

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides features beside the voice: weights, precision, software, machine."""
        config, device = self.config, self.codebook.codes.weight.device
        parts = [
            f"{FEATURES_FORMAT} {surroundings(device, self.num_threads)} {config.version}",
            f"{config.sample_rate_hz} {config.fft_samples} {config.hop_samples}",
            self.speech.files.fingerprint,
            _module_digest(self.codebook),
        ]
        if self.phones is not None:
            parts.append(self.phones.files.fingerprint)
        if self.readings != "natural":
            parts.append(self.readings)
        if self.speaker is not None:
            parts.append(_module_digest(self.speaker.network))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def compute_prompt(voice: Voice, source: RecordingSource, encoders: PromptEncoders) -> PromptFeatures:
    """Compute a voice's features. The same voice and models give the same bits.

    Raises:
        InvalidVoice: a recording is missing or damaged, or the text can't be spoken in its language.
        UnknownVoice: the voice was removed meanwhile.
        UnsupportedLanguage, MissingDependency: the front end can't read the text.
        StillLoading: HuBERT or BERT is. Nothing but the text has been read then.
    """
    encoders.speech.require()
    config = encoders.config
    sequence = _read_text(voice.name, voice.text, voice.language, encoders)
    bert = _bert(sequence, encoders.phones)
    native = [_decode(voice, source, index) for index in range(len(voice.recordings))]
    recordings = [_resample(pcm.samples, pcm.rate_hz, config.sample_rate_hz) for pcm in native]
    prompt = _resample(native[0].samples, native[0].rate_hz, SPEECH_RATE_HZ)
    spectrograms = (reference_spectrogram(torch.from_numpy(one), config)[0] for one in recordings)
    return PromptFeatures(
        tokens=_settled(encoders.speech.tokens(torch.from_numpy(prompt), encoders.codebook), torch.int64),
        spectrograms=tuple(_settled(one) for one in spectrograms),
        speakers=tuple(_settled(one) for one in _speakers(recordings, encoders)),
        phones=torch.tensor(sequence.ids, dtype=torch.int64),
        bert=bert,
    )


def reread(
    features: PromptFeatures, name: str, text: str, language: str, encoders: PromptEncoders
) -> PromptFeatures:
    """Return a voice's features as if its reference recording said another text. Bit-equal to computing them.

    Args:
        features: of the voice.
        name: the voice's, for messages.
        text: what the recording says.
        language: of the text.
        encoders: those that `features` were computed with.

    Raises:
        InvalidVoice, UnsupportedLanguage, MissingDependency: the text can't be spoken in its language.
    """
    sequence = _read_text(name, text, language, encoders)
    phones = torch.tensor(sequence.ids, dtype=torch.int64)
    return dataclasses.replace(features, phones=phones, bert=_bert(sequence, encoders.phones))


def with_timbre(features: PromptFeatures, other: PromptFeatures) -> PromptFeatures:
    """Return a voice's features with another voice's reference recording beside its own for the timbre.

    Styles are averaged over recordings: see `StyleEncoder`. What is said, and how, stays the voice's.
    """
    return dataclasses.replace(
        features,
        spectrograms=(*features.spectrograms, *other.spectrograms[:1]),
        speakers=(*features.speakers, *other.speakers[:1]),
    )


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return a SHA-256 over names, types, shapes and bytes of tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _module_digest(module: nn.Module) -> str:
    """Digest the weights, and the kind of device: another kind rounds otherwise."""
    tensors = module.state_dict()
    devices = sorted({tensor.device.type for tensor in tensors.values()})
    return f"{devices} {tensors_digest(tensors)}"


def _read_text(name: str, text: str, language: str, encoders: PromptEncoders) -> PhoneSequence:
    try:
        sequence = phonemize_prompt(text, language, encoders.config.version, encoders.readings)
    except EmptyInput as error:
        raise InvalidVoice(f"voice {name}: {error.message}", param="text") from error
    for span in sequence.spans:
        if span.word2ph is not None and len(span.text) > _MAX_BERT_CHARS:
            raise InvalidVoice(
                f"voice {name}: expected a text of {_MAX_BERT_CHARS} characters at most once it is "
                f"spelt out; found {len(span.text)}",
                param="text",
            )
    return sequence


def _decode(voice: Voice, source: RecordingSource, index: int) -> Pcm:
    data = source.read_recording(voice, index)
    try:
        return decode(data)
    except InvalidParameter as error:  # it was decoded when the voice was added, by another libav perhaps
        name = voice.recordings[index].name
        raise InvalidVoice(f"voice {voice.name}, recording {name}: {error.message}") from error


def _resample(samples: NDArray[np.float32], rate_hz: int, wanted_hz: int) -> NDArray[np.float32]:
    resampler = Resampler(rate_hz, wanted_hz, np.float32)
    return np.concatenate([resampler.push(samples), resampler.finish()])


def _speakers(recordings: list[NDArray[np.float32]], encoders: PromptEncoders) -> list[Tensor]:
    """Embed each recording at 16 kHz, made from the model's rate after its peak rule."""
    if encoders.speaker is None:
        return []
    rate_hz = encoders.config.sample_rate_hz
    at_16k = [_resample(_limited(one), rate_hz, SPEECH_RATE_HZ) for one in recordings]
    return [encoders.speaker.embed(torch.from_numpy(one))[0] for one in at_16k]


def _limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply the peak rule of `reference_spectrogram`."""
    peak = np.clip(np.abs(samples).max(), np.float32(1), np.float32(_LOUDEST_DIVISOR))
    limited: NDArray[np.float32] = samples / peak
    return limited


def _bert(sequence: PhoneSequence, features: PhoneFeatures | None) -> Tensor:
    bert = torch.zeros(BERT_CHANNELS, len(sequence))
    for span in sequence.spans:
        if features is not None and span.word2ph is not None:
            rows = _settled(features(span.text, span.word2ph))
            bert[:, span.start : span.start + span.num_phones] = rows.T
    return bert


def _settled(tensor: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return a plain copy on the CPU, such as a cache gives back: contiguous, no inference tensor."""
    return tensor.detach().to("cpu", dtype).clone(memory_format=torch.contiguous_format)
