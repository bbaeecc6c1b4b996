"""One complete file per chunk."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tests.unit.audio.signals import best_alignment, speech_like
from tts_core.audio.decoder import decode
from tts_core.audio.formats import AudioFormat
from tts_core.audio.per_chunk import PerChunkEncoder
from tts_core.audio.resampler import Resampler


def files_of(fmt: AudioFormat, samples: np.ndarray, rates_hz: tuple[int, int]) -> list[bytes]:
    encoder = PerChunkEncoder(fmt, *rates_hz)
    files = [encoder.encode(piece.tobytes()) for piece in np.array_split(samples, 5)]
    return [*files, encoder.finish()]


@pytest.mark.parametrize("fmt", [AudioFormat.OGG, AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.MP3])
def test_a_client_opens_every_chunk_alone_and_joins_the_samples(fmt: AudioFormat) -> None:
    samples = speech_like(24_000, 2)
    files = files_of(fmt, samples, (24_000, 24_000))
    assert files.pop() == b""
    heard = [soundfile.read(io.BytesIO(data)) for data in files]
    assert {rate_hz for _, rate_hz in heard} == {24_000}
    if fmt is not AudioFormat.MP3:
        joined = np.concatenate([piece for piece, _ in heard])
        assert joined.size == samples.size
        lag, correlation = best_alignment(samples, joined)
        assert lag == 0
        assert correlation > 0.99


def test_resampling_runs_on_across_the_files() -> None:
    samples = speech_like(32_000)
    joined = np.concatenate(
        [decode(data).samples for data in files_of(AudioFormat.WAV, samples, (32_000, 24_000))]
    )
    resampler = Resampler(32_000, 24_000)
    expected = np.concatenate([resampler.push(samples), resampler.finish()])
    assert np.array_equal(joined, (expected / 32768).astype(np.float32))


def test_joined_ogg_files_are_a_chain_of_distinct_streams() -> None:
    files = files_of(AudioFormat.OGG, speech_like(32_000), (32_000, 24_000))
    serials = [data[14:18] for data in files]
    assert len(set(serials)) == len(files) == 6
    assert decode(b"".join(files)).duration_s == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("fmt", AudioFormat)
def test_no_sound_no_file(fmt: AudioFormat) -> None:
    encoder = PerChunkEncoder(fmt, 24_000)
    assert encoder.encode(b"") == encoder.finish() == encoder.finish() == b""
    encoder.close()
    with pytest.raises(ValueError, match="finished"):
        encoder.encode(b"")


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="even number of bytes"):
        PerChunkEncoder(AudioFormat.OGG, 24_000).encode(b"abc")
