"""Sample-rate conversion that gives the same samples however its input is cut."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from tts_core.audio._libav import drain, without_thread_pool

# libswresample's filter: 64 taps at the lower rate. Downwards it is flat to 0.88 of the new Nyquist frequency
# and 90 dB down from 1.08 of it on.
_NUM_TAPS = 64
_CUTOFF = "0.96"
SETTLING_SAMPLES = 2 * _NUM_TAPS
"""After so many samples at the lower of both rates, nothing is left of where the input began."""
_SAMPLE_FORMATS = {np.dtype(np.int16): "s16", np.dtype(np.float32): "flt"}


def resampled_length(num_samples: int, input_rate_hz: int, output_rate_hz: int) -> int:
    """Return how many samples `num_samples` become at another rate, counting a begun one as whole."""
    return -(-num_samples * output_rate_hz // input_rate_hz)


class Resampler:
    """Mono samples from one rate to another, int16 or float32, without delay: sample 0 stays at time 0.

    The output of `push` lags its input by half the filter (3 ms at the rates of speech); `finish` gives the
    rest, so that the total is `resampled_length` of what went in. Equal rates pass through untouched.
    """

    def __init__(self, input_rate_hz: int, output_rate_hz: int, dtype: type[np.generic] = np.int16) -> None:
        if input_rate_hz <= 0 or output_rate_hz <= 0:
            raise ValueError(f"rates must be positive, not {input_rate_hz} and {output_rate_hz} Hz")
        self.input_rate_hz = input_rate_hz
        self.output_rate_hz = output_rate_hz
        self._dtype = np.dtype(dtype)
        self._graph: av.filter.Graph | None = None
        self._num_in = 0
        self._num_out = 0

    def push(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Take samples, shape (n,), and return those that are ready at the output rate, shape (m,)."""
        if self.input_rate_hz == self.output_rate_hz or not samples.size:
            return samples
        out = self._convert(samples)
        self._num_in += samples.size
        self._num_out += out.size
        return out

    def finish(self) -> NDArray[Any]:
        """Return what is still inside, as if silence followed."""
        rest = resampled_length(self._num_in, self.input_rate_hz, self.output_rate_hz) - self._num_out
        if not rest:
            return np.empty(0, self._dtype)
        # libswresample's own flush loses inputs shorter than its filter, and mirrors the end of longer ones.
        num_silent = 4 * _NUM_TAPS * max(1, -(-self.input_rate_hz // self.output_rate_hz))
        tail = self._convert(np.zeros(num_silent, self._dtype))[:rest]
        self.close()
        return tail

    def close(self) -> None:
        """Release the filter and forget what is inside."""
        self._graph = None
        self._num_in = self._num_out = 0

    def _convert(self, samples: NDArray[Any]) -> NDArray[Any]:
        if self._graph is None:
            with without_thread_pool():
                self._graph = self._build_graph()
        data = np.ascontiguousarray(samples, self._dtype).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(data, format=_SAMPLE_FORMATS[self._dtype], layout="mono")
        frame.sample_rate = self.input_rate_hz
        frame.time_base = Fraction(1, self.input_rate_hz)
        frame.pts = self._num_in
        self._graph.push(frame)
        ready = [piece.to_ndarray()[0] for piece in drain(self._graph)]
        return np.concatenate(ready) if ready else np.empty(0, self._dtype)

    def _build_graph(self) -> av.filter.Graph:
        sample_format = _SAMPLE_FORMATS[self._dtype]
        graph = av.filter.Graph()
        source = graph.add(
            "abuffer",
            sample_rate=str(self.input_rate_hz),
            sample_fmt=sample_format,
            channel_layout="mono",
            time_base=f"1/{self.input_rate_hz}",
        )
        convert = graph.add(
            "aresample",
            sample_rate=str(self.output_rate_hz),
            filter_size=str(_NUM_TAPS),
            cutoff=_CUTOFF,
            internal_sample_fmt="fltp",
        )
        shape = graph.add("aformat", sample_fmts=sample_format, channel_layouts="mono")
        graph.link_nodes(source, convert, shape, graph.add("abuffersink")).configure()
        return graph
