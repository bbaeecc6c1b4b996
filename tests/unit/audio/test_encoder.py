"""Streamed files: what comes out is what went in, on time, whoever decodes it."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.audio.signals import best_alignment, sine, speech_like
from tts_core.audio.decoder import decode, decode_prefix
from tts_core.audio.encoder import StreamEncoder, encode_whole
from tts_core.audio.formats import AudioFormat
from tts_core.audio.resampler import Resampler

CODED = [fmt for fmt in AudioFormat if fmt is not AudioFormat.PCM]
LOSSLESS = (AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.PCM)
RATES_HZ = [22_050, 24_000, 32_000, 44_100, 48_000]


def pieces_of(pcm: bytes, num_bytes: int) -> Iterator[bytes]:
    return (pcm[start : start + num_bytes] for start in range(0, len(pcm), num_bytes))


def stream(fmt: AudioFormat, pieces: list[bytes], input_hz: int, output_hz: int | None = None) -> bytes:
    encoder = StreamEncoder(fmt, input_hz, output_hz)
    return b"".join([encoder.encode(piece) for piece in pieces]) + encoder.finish()


@pytest.mark.parametrize("fmt", AudioFormat)
@pytest.mark.parametrize("rates_hz", [(24_000, 24_000), (32_000, 24_000)])
def test_bytes_do_not_depend_on_how_the_pcm_is_cut(fmt: AudioFormat, rates_hz: tuple[int, int]) -> None:
    pcm = speech_like(rates_hz[0], 0.2).tobytes()
    expected = stream(fmt, [pcm], *rates_hz)

    @settings(deadline=None, max_examples=15)
    @given(st.lists(st.integers(0, len(pcm) // 2), max_size=30))
    def check(cuts: list[int]) -> None:
        edges = [0, *sorted(2 * cut for cut in cuts), len(pcm)]
        pieces = [pcm[start:end] for start, end in pairwise(edges)]
        assert stream(fmt, pieces, *rates_hz) == expected

    check()


@pytest.mark.parametrize("fmt", CODED)
def test_the_streamed_file_holds_the_samples_of_the_whole_one(fmt: AudioFormat) -> None:
    pcm = speech_like(32_000).tobytes()
    streamed, whole = stream(fmt, [*pieces_of(pcm, 3200)], 32_000), encode_whole(fmt, pcm, 32_000)
    assert np.array_equal(decode(streamed).samples, decode(whole).samples)
    if fmt not in LOSSLESS:
        assert streamed == whole


@pytest.mark.parametrize("fmt", CODED)
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_sound_survives(fmt: AudioFormat, rate_hz: int) -> None:
    samples = speech_like(rate_hz)
    decoded = decode(stream(fmt, [*pieces_of(samples.tobytes(), 2000)], rate_hz), rate_hz)
    lag, correlation = best_alignment(samples, decoded.samples)
    is_exact = fmt in LOSSLESS or fmt in {AudioFormat.OPUS, AudioFormat.OGG}
    assert decoded.duration_s == pytest.approx(1.0, abs=1e-3 if is_exact else 0.1)
    assert lag <= (0 if is_exact else 0.06 * rate_hz)
    assert correlation > (0.9999 if fmt in LOSSLESS else 0.99)


@pytest.mark.parametrize("fmt", CODED)
def test_a_steady_tone_has_no_clicks(fmt: AudioFormat) -> None:
    tone = sine(32_000, 440) // 4
    decoded = decode(stream(fmt, [tone.tobytes()], 32_000), 32_000).samples
    lag, _ = best_alignment(tone, decoded)
    length = min(tone.size, decoded.size - lag)
    error = np.abs(decoded[lag : lag + length] - tone[:length] / 32768)
    assert error[: -length // 20].max() < 0.05


@pytest.mark.parametrize("fmt", LOSSLESS)
def test_lossless_formats_lose_nothing(fmt: AudioFormat) -> None:
    samples = speech_like(24_000)
    encoded = stream(fmt, [samples.tobytes()], 24_000)
    assert (encoded if fmt is AudioFormat.PCM else decode(encoded).to_s16le()) == samples.tobytes()


@pytest.mark.parametrize("fmt", [fmt for fmt in CODED if fmt is not AudioFormat.AAC])
def test_a_decoder_that_is_not_ours_agrees(fmt: AudioFormat) -> None:
    """libsndfile: WAV, FLAC, MP3, Opus. Streamed, but for FLAC, whose unknown length it can't take."""
    samples = speech_like(24_000)
    make = encode_whole if fmt is AudioFormat.FLAC else lambda f, pcm, hz: stream(f, [pcm], hz)
    got, rate_hz = soundfile.read(io.BytesIO(make(fmt, samples.tobytes(), 24_000)))
    _, correlation = best_alignment(samples, got)
    assert rate_hz == 24_000
    assert got.size == pytest.approx(24_000, abs=2400)
    assert correlation > 0.99


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg command")
@pytest.mark.parametrize("fmt", CODED)
def test_the_ffmpeg_command_agrees(fmt: AudioFormat) -> None:
    samples = speech_like(24_000)
    command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-ac", "1", "-ar", "24000", "-"]
    encoded = stream(fmt, [*pieces_of(samples.tobytes(), 4800)], 24_000)
    run = subprocess.run(command, input=encoded, capture_output=True, check=True, timeout=60)
    _, correlation = best_alignment(samples, np.frombuffer(run.stdout, "<i2"))
    assert run.stderr == b""
    assert correlation > 0.99


@pytest.mark.parametrize(
    ("fmt", "max_input_ms"),
    [
        (AudioFormat.PCM, 10),
        (AudioFormat.WAV, 10),
        (AudioFormat.FLAC, 30),
        (AudioFormat.OPUS, 40),
        (AudioFormat.OGG, 40),
        (AudioFormat.MP3, 80),
        (AudioFormat.AAC, 130),
    ],
)
def test_the_first_sound_is_out_as_early_as_the_codec_permits(fmt: AudioFormat, max_input_ms: int) -> None:
    encoder = StreamEncoder(fmt, 24_000)
    received = b"".join(
        encoder.encode(p) for p in pieces_of(speech_like(24_000).tobytes()[: 48 * max_input_ms], 480)
    )
    heard = (
        np.frombuffer(received, "<i2") / 32768 if fmt is AudioFormat.PCM else decode_prefix(received).samples
    )
    assert np.abs(heard).max(initial=0) > 0.05
    encoder.close()


@pytest.mark.parametrize("fmt", AudioFormat)
@pytest.mark.parametrize("num_samples", [0, 1, 7])
def test_next_to_nothing_makes_a_file_too(fmt: AudioFormat, num_samples: int) -> None:
    encoder = StreamEncoder(fmt, 32_000, 24_000)
    encoded = encoder.encode(bytes(2 * num_samples)) + encoder.finish()
    assert encoded == stream(fmt, [b"", bytes(2 * num_samples), b""], 32_000, 24_000)
    if num_samples and fmt is not AudioFormat.PCM:
        assert decode(encoded).samples.size > 0


def test_a_streamed_wav_plays_to_its_end_and_a_whole_one_knows_its_length() -> None:
    samples = speech_like(24_000)
    streamed = stream(AudioFormat.WAV, [*pieces_of(samples.tobytes(), 1000)], 24_000)
    whole = encode_whole(AudioFormat.WAV, samples.tobytes(), 24_000)
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    for encoded in (streamed, whole):
        with wave.open(io.BytesIO(encoded)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
            assert file.readframes(samples.size + 1) == samples.tobytes()
    with wave.open(io.BytesIO(whole)) as file:
        assert file.getnframes() == samples.size
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8


def test_an_announced_length_is_in_the_header_of_flac_after_resampling() -> None:
    pcm = speech_like(32_000).tobytes()
    with soundfile.SoundFile(io.BytesIO(encode_whole(AudioFormat.FLAC, pcm, 32_000, 24_000))) as file:
        assert file.frames == 24_000
        expected = Resampler(32_000, 24_000).push(np.frombuffer(pcm, np.int16))
        assert np.array_equal(file.read(dtype="int16")[: expected.size], expected)


@pytest.mark.parametrize("fmt", [AudioFormat.WAV, AudioFormat.MP3])
def test_a_wrong_announcement_is_an_error(fmt: AudioFormat) -> None:
    encoder = StreamEncoder(fmt, 24_000, total_samples=100)
    encoder.encode(bytes(198))
    with pytest.raises(ValueError, match="100 samples were announced and 99 came"):
        encoder.finish()


@pytest.mark.parametrize("fmt", AudioFormat)
def test_the_version_of_libav_is_not_in_the_bytes(fmt: AudioFormat) -> None:
    assert b"Lav" not in encode_whole(fmt, bytes(4800), 24_000)


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="even number of bytes"):
        StreamEncoder(AudioFormat.PCM, 24_000).encode(b"abc")


@pytest.mark.parametrize("fmt", AudioFormat)
def test_finish_and_close_may_be_repeated_and_end_it(fmt: AudioFormat) -> None:
    encoder = StreamEncoder(fmt, 24_000)
    encoder.encode(bytes(960))
    encoder.finish()
    assert encoder.finish() == b""
    encoder.close()
    encoder.close()
    with pytest.raises(ValueError, match="finished"):
        encoder.encode(bytes(2))


@pytest.mark.parametrize("fmt", [fmt for fmt in AudioFormat if fmt is not AudioFormat.PCM])
def test_the_rate_used_is_told_and_is_that_of_the_file(fmt: AudioFormat) -> None:
    encoder = StreamEncoder(fmt, 22_050, 32_000)
    encoded = encoder.encode(speech_like(22_050, 0.2).tobytes()) + encoder.finish()
    assert encoder.output_rate_hz == (48_000 if fmt in {AudioFormat.OPUS, AudioFormat.OGG} else 32_000)
    assert decode(encoded).rate_hz == encoder.output_rate_hz
