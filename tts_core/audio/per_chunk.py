"""For clients that open each chunk of a streamed answer as a file of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tts_core.audio.encoder import Buffer, samples_from_pcm
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.audio.resampler import Resampler
from tts_core.audio.writers import open_writer


class PerChunkEncoder:
    """A `StreamEncoder` whose every non-empty answer is one complete file.

    Resampling runs on across the files, so the samples of all of them, joined, fit without a step; a lossy
    codec starts anew in each. Ogg files are numbered, so that joined they are a valid chain.

    Args:
        fmt, input_rate_hz, output_rate_hz, num_skipped: as for `StreamEncoder`.
    """

    def __init__(
        self,
        fmt: AudioFormat,
        input_rate_hz: int,
        output_rate_hz: int | None = None,
        num_skipped: int = 0,
    ) -> None:
        self._spec = FORMATS[fmt]
        self.output_rate_hz = self._spec.nearest_rate_hz(output_rate_hz or input_rate_hz)
        self._resampler = Resampler(input_rate_hz, self.output_rate_hz)
        self._num_files = 0
        self._num_skipped = num_skipped
        self._is_open = True

    def encode(self, pcm: Buffer) -> bytes:
        """Take mono s16le PCM and return it as one file; nothing where no sample is ready.

        Raises:
            ValueError: an odd number of bytes, or the encoder is finished.
        """
        if not self._is_open:
            raise ValueError("the encoder is finished")
        return self._file(self._resampler.push(samples_from_pcm(pcm)))

    def finish(self) -> bytes:
        """Return the few milliseconds left in the resampler as a last file, if there are any."""
        if not self._is_open:
            return b""
        self._is_open = False
        return self._file(self._resampler.finish())

    def close(self) -> None:
        """Drop the rest; harmless after `finish`."""
        self._is_open = False
        self._resampler.close()

    def _file(self, samples: NDArray[np.int16]) -> bytes:
        wanted = samples[self._num_skipped :]
        self._num_skipped -= samples.size - wanted.size
        if not wanted.size:
            return b""
        writer = open_writer(self._spec, self.output_rate_hz, wanted.size, serial=self._num_files)
        self._num_files += 1
        try:
            return writer.write(wanted) + writer.finish()
        finally:
            writer.close()
