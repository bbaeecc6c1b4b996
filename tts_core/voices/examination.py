"""What a reference recording is like, beyond whether it will do."""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from tts_core.audio.decoder import CONTAINED, Pcm, decode
from tts_core.errors import InvalidVoice
from tts_core.voices.recording import RecordingLimits, Upload, check_recording

RATES_HZ = (8_000, 192_000)
MAX_CHANNELS = 8

_FRAME_S = 0.02
_SILENCE_DBFS = -50.0
_QUIET_DBFS = -35.0
_FULL_SCALE = 0.999
_FLOOR_DBFS = -120.0
_SAMPLE_BYTES = 4
_FLOAT_FORMAT = 3


@dataclass(frozen=True)
class Examination:
    """Figures of one recording.

    Attributes:
        duration_s: how long it sounds.
        rate_hz: of the file.
        rms_dbfs, peak_dbfs: of its channels mixed down, against full scale.
        clipped_share: of the samples that lie at full scale.
        silent_share: of the 20 ms frames that are quieter than -50 dBFS.
    """

    duration_s: float
    rate_hz: int
    rms_dbfs: float
    peak_dbfs: float
    clipped_share: float
    silent_share: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what makes a clone worse than it could be: prompts are to be clear speech."""
        found = {
            "too_short: 5 s or more give a steadier timbre": self.duration_s < 4,
            "too_long: it is near the limit of 10 s; 5 to 8 s are enough": self.duration_s > 9.5,
            "too_quiet: record nearer to the microphone": self.rms_dbfs < _QUIET_DBFS,
            "clipped: record with a lower level": self.clipped_share > 0.001,
            "mostly_silence: cut the pauses out": self.silent_share > 0.5,
            "low_rate: it lacks what lies above 8 kHz": self.rate_hz < 16_000,
        }
        return tuple(warning for warning, is_so in found.items() if is_so)


def examine(upload: Upload, limits: RecordingLimits | None = None) -> tuple[Examination, Pcm]:
    """Return the figures of a recording that will do, and its sound.

    Raises:
        InvalidVoice: as `check_recording`; or its rate or its number of channels are out of range.
    """
    check_header(upload)
    check_recording(upload, limits or RecordingLimits())
    pcm = decode(upload.data)
    levels = np.abs(pcm.samples)
    figures = Examination(
        duration_s=round(pcm.duration_s, 3),
        rate_hz=pcm.rate_hz,
        rms_dbfs=_dbfs(float(np.sqrt(np.mean(np.square(pcm.samples, dtype=np.float64))))),
        peak_dbfs=_dbfs(float(levels.max())),
        clipped_share=round(float(np.mean(levels >= _FULL_SCALE)), 4),
        silent_share=round(_silent_share(pcm.samples, pcm.rate_hz), 3),
    )
    return figures, pcm


def check_header(upload: Upload) -> None:
    """Refuse what a file says of itself, before anything of it is decoded.

    Raises:
        InvalidVoice: it isn't audio, or nobody records a voice like that.
    """
    rate_hz, num_channels = _header(upload)
    low, high = RATES_HZ
    if not low <= rate_hz <= high:
        raise _refusal(upload, f"{low} to {high} samples per second", str(rate_hz))
    if not 1 <= num_channels <= MAX_CHANNELS:
        raise _refusal(upload, f"{MAX_CHANNELS} channels at most", str(num_channels))


def float_wav(samples: bytes, rate_hz: int) -> bytes:
    """Return a WAV file of mono little-endian float32 samples, of which `decode` gives the same samples."""
    head = struct.pack("<HHIIHH", _FLOAT_FORMAT, 1, rate_hz, rate_hz * _SAMPLE_BYTES, _SAMPLE_BYTES, 32)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(samples)) + b"WAVE" + chunks + samples


def _header(upload: Upload) -> tuple[int, int]:
    """Return rate and number of channels of the first audio stream."""
    try:
        with av.open(io.BytesIO(upload.data), "r", options=dict(CONTAINED)) as container:
            if not container.streams.audio:
                raise _refusal(upload, "a recording", "a file without an audio stream")
            context = container.streams.audio[0].codec_context
            return context.sample_rate, context.layout.nb_channels
    except (av.FFmpegError, ValueError) as error:
        raise _refusal(upload, "a recording", f"what can't be decoded as audio: {error}") from error


def _silent_share(samples: NDArray[np.float32], rate_hz: int) -> float:
    size = max(1, int(_FRAME_S * rate_hz))
    frames = samples[: samples.size // size * size].reshape(-1, size)
    if not frames.size:
        return 0.0
    rms = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    return float(np.mean(rms < 10 ** (_SILENCE_DBFS / 20)))


def _dbfs(level: float) -> float:
    return round(20 * math.log10(level), 1) if level > 0 else _FLOOR_DBFS


def _refusal(upload: Upload, expected: str, found: str) -> InvalidVoice:
    return InvalidVoice(f"{upload.name}: expected {expected}; found {found}", param=upload.name)
