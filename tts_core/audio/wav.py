"""The 44 bytes in front of the samples of a WAV file."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MAX_U32 = 0xFFFFFFFF
_BYTES_PER_SAMPLE = 2


def wav_header(rate_hz: int, num_samples: int | None) -> bytes:
    """Return the header of a mono 16-bit WAV.

    Args:
        rate_hz: sample rate.
        num_samples: length, or None where it isn't known yet. A stream then says 0xFFFFFFFF in both length
            fields, as ffmpeg's own pipes do: players read on to the end of what they get.

    Raises:
        ValueError: more samples than a WAV can hold.
    """
    riff_size = data_size = _MAX_U32
    if num_samples is not None:
        data_size = num_samples * _BYTES_PER_SAMPLE
        riff_size = data_size + _HEADER.size - 8
    if riff_size > _MAX_U32:
        raise ValueError(f"{num_samples} samples are more than a WAV file can hold")
    return _HEADER.pack(
        b"RIFF", riff_size, b"WAVE", b"fmt ", 16, 1, 1,
        rate_hz, rate_hz * _BYTES_PER_SAMPLE, _BYTES_PER_SAMPLE, 16, b"data", data_size,
    )  # fmt: skip
