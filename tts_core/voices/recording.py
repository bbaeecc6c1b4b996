"""Whether an upload will do as a reference recording, and why not."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from tts_core.audio.decoder import Pcm, decode
from tts_core.errors import InvalidParameter, InvalidVoice, UnsupportedLanguage
from tts_core.frontend.languages import canonical_language
from tts_core.voices.completeness import missing_part
from tts_core.voices.voice import Recording

MAX_TEXT_CHARS = 300
"""Nobody says more in ten seconds, and BERT takes 510 characters once numbers are spelt out."""

_MIB = 1 << 20
# Longer uploads are refused without decoding them further, so that they can't fill the memory.
_MAX_DECODED_S = 60.0
_PEAK_SHARE = 0.999
_MAX_PEAK = 16.0
"""Of full scale, which files of floats may exceed. Far beyond it nobody records, and spectra overflow."""


@dataclass(frozen=True)
class Upload:
    """A file as it came. `name` is for people; the bytes are kept unchanged."""

    name: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class RecordingLimits:
    """What a recording must keep to.

    Attributes:
        min_duration_s, max_duration_s: both inclusive; the models were trained on prompts of 3 to 10 s.
        max_num_bytes: of the file.
        min_rms: quieter is taken for silence; 0.001 of full scale is -60 dBFS.
        max_peak_share: of the samples that lie at the peak. A sine has 0.03; a voice clipped to
            a square wave has most of them there.
    """

    min_duration_s: float = 3.0
    max_duration_s: float = 10.0
    max_num_bytes: int = 16 * _MIB
    min_rms: float = 1e-3
    max_peak_share: float = 0.25

    @property
    def durations(self) -> str:
        return f"{self.min_duration_s:g} to {self.max_duration_s:g} s"


EXTRA_LIMITS = RecordingLimits(min_duration_s=1.0, max_duration_s=30.0)
"""For extra references: they are no prompt, so their length is free within reason."""

_REFERENCE_LIMITS = RecordingLimits()


def check_recording(upload: Upload, limits: RecordingLimits = _REFERENCE_LIMITS) -> Recording:
    """Return what a voice keeps of a recording beside its bytes.

    Any format and rate that PyAV reads will do; channels are mixed down before sound is judged.

    Raises:
        InvalidVoice: not audio, damaged or cut off, too long, too short, too big, silent, or clipped.
    """
    num_bytes = len(upload.data)
    if num_bytes > limits.max_num_bytes:
        raise _refusal(upload, f"{limits.max_num_bytes / _MIB:g} MiB at most", f"{num_bytes / _MIB:.1f} MiB")
    pcm = _decode(upload, limits)
    if not limits.min_duration_s <= pcm.duration_s <= limits.max_duration_s:
        raise _refusal(upload, limits.durations, f"{pcm.duration_s:.2f} s")
    _check_sound(upload, pcm.samples, limits)
    return Recording(
        name=upload.name,
        sha256=hashlib.sha256(upload.data).hexdigest(),
        num_bytes=num_bytes,
        duration_s=round(pcm.duration_s, 3),
    )


def check_text(text: str) -> str:
    """Return a reference's text without the space around it.

    Raises:
        InvalidVoice: it says nothing, or more than fits the recording.
    """
    text = text.strip()
    if not re.search(r"[^\W_]", text):
        raise InvalidVoice(f"expected the text that the recording says; found {text!r}", param="text")
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidVoice(
            f"expected a text of {MAX_TEXT_CHARS} characters at most; found {len(text)}", param="text"
        )
    return text


def check_language(language: str) -> str:
    """Return the language as requests spell it.

    Raises:
        InvalidVoice: it isn't supported.
    """
    try:
        return canonical_language(language)
    except UnsupportedLanguage as error:
        raise InvalidVoice(error.message, param="language") from error


def _decode(upload: Upload, limits: RecordingLimits) -> Pcm:
    try:
        pcm = decode(upload.data, max_duration_s=max(_MAX_DECODED_S, limits.max_duration_s))
        missing = missing_part(upload.data, pcm.duration_s)
    except (InvalidParameter, av.FFmpegError) as error:
        raise _refusal(upload, f"a recording of {limits.durations}", str(error)) from error
    if missing is not None:
        raise _refusal(upload, "a complete file", f"one damaged or cut off: {missing}")
    return pcm


def _check_sound(upload: Upload, samples: NDArray[np.float32], limits: RecordingLimits) -> None:
    if not np.isfinite(samples).all():
        raise _refusal(upload, "sound", "samples that are not numbers")
    loudness = np.abs(samples)
    if loudness.max() > _MAX_PEAK:
        raise _refusal(
            upload, f"samples of {_MAX_PEAK:g} times full scale at most", f"a peak of {loudness.max():.3g}"
        )
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if rms < limits.min_rms:
        raise _refusal(
            upload, f"speech of {limits.min_rms:g} of full scale (RMS) or louder", f"silence ({rms:.2g})"
        )
    share = float(np.mean(loudness >= _PEAK_SHARE * loudness.max()))
    if share > limits.max_peak_share:
        raise _refusal(
            upload,
            f"{limits.max_peak_share:.0%} of the samples at the peak at most",
            f"{share:.0%}: the recording is clipped",
        )


def _refusal(upload: Upload, expected: str, found: str) -> InvalidVoice:
    return InvalidVoice(f"{upload.name}: expected {expected}; found {found}", param=upload.name)
