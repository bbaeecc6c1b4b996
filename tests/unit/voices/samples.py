"""Recordings as people upload them: other codecs, rates and channels, made here."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.unit.audio.signals import speech_like
from tts_core.voices import Upload, Voice, VoiceStore

SUBTYPES = {"WAV": "PCM_16", "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III", "AIFF": "PCM_16"}
TEXT = "The quick brown fox jumps over the lazy dog."


def speech(rate_hz: int = 32_000, duration_s: float = 4.0) -> NDArray[np.float32]:
    """Return speech-like sound, shape (n,), peak 0.5."""
    return _speech(rate_hz, duration_s).copy()


@functools.cache
def _speech(rate_hz: int, duration_s: float) -> NDArray[np.float32]:
    samples = speech_like(rate_hz, duration_s).astype(np.float32)
    scaled: NDArray[np.float32] = samples / np.abs(samples).max() / 2
    return scaled


def encode(samples: NDArray[np.float32], rate_hz: int, fmt: str = "WAV", subtype: str | None = None) -> bytes:
    """Encode samples, shape (n,) or (n, channels), with libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=fmt, subtype=subtype or SUBTYPES[fmt])
    return file.getvalue()


def encode_with_libav(samples: NDArray[np.float32], rate_hz: int, fmt: str, codec: str) -> bytes:
    """Encode mono samples in a container that libsndfile doesn't know."""
    file = io.BytesIO()
    with av.open(file, "w", format=fmt) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = rate_hz
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, "mono", rate_hz, context.frame_size or None)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


@functools.cache
def upload(rate_hz: int = 32_000, duration_s: float = 4.0, fmt: str = "WAV", name: str = "me") -> Upload:
    return Upload(f"{name}.{fmt.lower()}", encode(speech(rate_hz, duration_s), rate_hz, fmt))


REFERENCE = upload(16_000)
EXTRA = upload(22_050, 2.0, "FLAC", "more")


def add(store: VoiceStore, name: str = "me", text: str = TEXT, **options: object) -> Voice:
    """Add a voice of `REFERENCE`."""
    return store.add(name, REFERENCE, text, "EN ", **options)  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    """Return every file below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
