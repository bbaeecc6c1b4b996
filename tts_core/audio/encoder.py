"""PCM in, the listener's format out, as early as the codec lets it go.

How much input each format needs before a listener can hear its first sample, measured at 24 kHz: PCM and
WAV none, FLAC 22 ms, Opus 40 ms, MP3 72 ms, AAC 128 ms. It is the codec's frame and look-ahead, and for MP3
and AAC also the 46 and 43 ms of silence that they begin with. Resampling adds 3 ms.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.audio.resampler import Resampler, resampled_length
from tts_core.audio.writers import open_writer

Buffer = bytes | bytearray | memoryview


def samples_from_pcm(pcm: Buffer) -> NDArray[np.int16]:
    """View mono s16le bytes as samples, shape (n,).

    Raises:
        ValueError: an odd number of bytes.
    """
    if len(pcm) % 2:
        raise ValueError(f"16-bit PCM has an even number of bytes, not {len(pcm)}")
    return np.frombuffer(pcm, "<i2")


class StreamEncoder:
    """One listener's encoder. Joined, its bytes are one file, the same for any cutting of the same PCM.

    It belongs to one thread at a time. `finish` or `close` releases libav's memory at once, 6.5 MiB for
    FLAC; without them it lasts until the next garbage collection.

    Args:
        fmt: the format of the output.
        input_rate_hz: rate of the mono s16le PCM that will come.
        output_rate_hz: rate wanted; by default the input's. Where the codec does not know it, the next higher
            one that it knows is used (`FormatSpec.nearest_rate_hz`): see `output_rate_hz`.
        total_samples: how many will come, where that is known. WAV and FLAC then say so in their header.
        num_skipped: how many samples, at the rate of the output, to leave out at the beginning.
    """

    def __init__(
        self,
        fmt: AudioFormat,
        input_rate_hz: int,
        output_rate_hz: int | None = None,
        total_samples: int | None = None,
        num_skipped: int = 0,
    ) -> None:
        spec = FORMATS[fmt]
        self.output_rate_hz = spec.nearest_rate_hz(output_rate_hz or input_rate_hz)
        self._resampler = Resampler(input_rate_hz, self.output_rate_hz)
        self._total_samples = total_samples
        self._num_skipped = num_skipped
        self._num_samples = 0
        self._is_open = True
        total = total_samples
        if total is not None:
            total = max(0, resampled_length(total, input_rate_hz, self.output_rate_hz) - num_skipped)
        self._writer = open_writer(spec, self.output_rate_hz, total)

    def encode(self, pcm: Buffer) -> bytes:
        """Take mono s16le PCM and return the bytes that are ready to be sent, possibly none.

        Raises:
            ValueError: an odd number of bytes, or the encoder is finished.
        """
        if not self._is_open:
            raise ValueError("the encoder is finished")
        samples = samples_from_pcm(pcm)
        self._num_samples += samples.size
        return self._write(self._resampler.push(samples))

    def finish(self) -> bytes:
        """Return the rest of the file and release the codec; a second call returns nothing.

        Raises:
            ValueError: not as many samples came as were announced.
        """
        if not self._is_open:
            return b""
        try:
            self._check_total()
            return self._write(self._resampler.finish()) + self._writer.finish()
        finally:
            self.close()

    def close(self) -> None:
        """Drop the rest and release the codec; harmless after `finish`."""
        self._is_open = False
        self._resampler.close()
        self._writer.close()

    def _write(self, samples: NDArray[np.int16]) -> bytes:
        wanted = samples[self._num_skipped :]
        self._num_skipped -= samples.size - wanted.size
        return self._writer.write(wanted) if wanted.size else b""

    def _check_total(self) -> None:
        if self._total_samples is not None and self._num_samples != self._total_samples:
            raise ValueError(f"{self._total_samples} samples were announced and {self._num_samples} came")


def encode_whole(
    fmt: AudioFormat, pcm: Buffer, input_rate_hz: int, output_rate_hz: int | None = None
) -> bytes:
    """Encode mono s16le PCM as one file.

    The bytes are those of a `StreamEncoder`, but for the length in the header of WAV and FLAC.

    Raises:
        ValueError: an odd number of bytes.
    """
    total_samples = samples_from_pcm(pcm).size
    with closing(StreamEncoder(fmt, input_rate_hz, output_rate_hz, total_samples)) as encoder:
        return encoder.encode(pcm) + encoder.finish()
