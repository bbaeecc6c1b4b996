"""Decoding as clients do it: with libsndfile, which shares nothing with the encoders, where it can."""

from __future__ import annotations

import io

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def decode(data: bytes) -> tuple[Samples, int]:
    """Return mono samples in [-1, 1] and their rate; the length in the header isn't believed."""
    # libsndfile knows no ADTS, and can't read a FLAC whose length isn't given.
    if data[:2] in (b"\xff\xf1", b"\xff\xf9") or data[:4] == b"fLaC":
        return _decode_with_libav(data)
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        blocks = []
        while len(block := sound.read(65_536)):
            blocks.append(block)
        samples = np.concatenate(blocks) if blocks else np.zeros(0)
        return samples, sound.samplerate


def pcm_samples(data: bytes) -> Samples:
    """Return s16le PCM as samples in [-1, 1]."""
    return np.frombuffer(data, "<i2") / 32768.0


def wav_pcm(data: bytes) -> bytes:
    """Return what follows a canonical 44-byte header, which both WAV variants begin with."""
    assert data[:4] == b"RIFF"
    assert data[36:40] == b"data"
    return data[44:]


def _decode_with_libav(data: bytes) -> tuple[Samples, int]:
    with av.open(io.BytesIO(data), mode="r") as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        scale = 1.0 if frames[0].dtype.kind == "f" else 32768.0
        return np.concatenate(frames).astype(np.float64) / scale, container.streams.audio[0].rate
