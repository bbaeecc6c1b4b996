"""Audio for the tests: a tone after a stated silence, in every format that the generator reads."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
from av.audio.stream import AudioStream

RATE_HZ = 24_000
_CODECS = {
    "mp3": ("mp3", "mp3"),
    "aac": ("adts", "aac"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "libopus"),
}


def tone(audio_s: float, silence_s: float = 0.0) -> bytes:
    """Return s16le PCM: silence, then a square-ish tone whose very first sample is loud."""
    num_silent, num_all = round(silence_s * RATE_HZ), round(audio_s * RATE_HZ)
    samples = np.where(np.arange(num_all) // 40 % 2 == 0, 8000, -8000)
    samples[:num_silent] = 0
    return samples.astype("<i2").tobytes()


def wav(pcm: bytes, *, declared: int | None = None) -> bytes:
    """Wrap s16le PCM in a WAV header that declares `declared` data bytes, the true number if None."""
    size = len(pcm) if declared is None else declared
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 0, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    return head + struct.pack("<4sI", b"data", size) + pcm


def encode(audio_format: str, pcm: bytes, options: dict[str, str] | None = None) -> bytes:
    """Encode s16le PCM at 24 kHz to one of the formats' names in the OpenAI schema."""
    if audio_format == "pcm":
        return pcm
    if audio_format == "wav":
        return wav(pcm)
    container, codec = _CODECS[audio_format]
    written = io.BytesIO()
    with av.open(written, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE_HZ, options=options or {})
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2")[None], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(stream.codec_context.format, "mono", RATE_HZ)
        for resampled in (*resampler.resample(frame), None):
            output.mux(stream.encode(resampled))
    return written.getvalue()
