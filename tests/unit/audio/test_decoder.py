"""Reading what others send: mixed down, at the rate asked for, and refused with a reason."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.unit.audio.signals import best_alignment, sine, speech_like
from tts_core.audio.decoder import Pcm, decode, decode_prefix
from tts_core.audio.encoder import encode_whole
from tts_core.audio.formats import AudioFormat
from tts_core.errors import InvalidParameter


def written(samples: np.ndarray, rate_hz: int, **options: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **options)
    return file.getvalue()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_width_of_sample_has_the_same_scale(subtype: str) -> None:
    samples = np.array([0.0, 0.5, -0.25, -1.0, 0.75])
    decoded = decode(written(samples, 16_000, format="WAV", subtype=subtype))
    assert decoded.rate_hz == 16_000
    assert decoded.samples.dtype == np.float32
    assert decoded.samples == pytest.approx(samples)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
def test_channels_are_mixed_to_their_mean(form: str) -> None:
    left, right = sine(24_000, 440) / 65536, sine(24_000, 1000) / 65536
    decoded = decode(written(np.stack([left, right], 1), 24_000, format=form))
    assert best_alignment((left + right) / 2, decoded.samples)[1] > 0.99
    assert np.abs(decoded.samples).max() == pytest.approx(np.abs(left + right).max() / 2, rel=0.1)


def test_the_rate_asked_for_is_delivered() -> None:
    decoded = decode(written(sine(44_100, 440), 44_100, format="WAV"), 32_000)
    assert (decoded.rate_hz, decoded.samples.size, decoded.duration_s) == (32_000, 32_000, 1.0)
    assert np.abs(decoded.samples - sine(32_000, 440) / 32768)[100:-100].max() < 1e-4


def test_bytes_file_and_path_are_the_same(tmp_path: Path) -> None:
    data = encode_whole(AudioFormat.MP3, speech_like(24_000).tobytes(), 24_000)
    path = tmp_path / "voice.mp3"
    path.write_bytes(data)
    with path.open("rb") as file:
        decoded = [
            decode(source) for source in (data, bytearray(data), io.BytesIO(data), file, path, str(path))
        ]
    assert len({pcm.to_s16le() for pcm in decoded}) == 1


@pytest.mark.parametrize("data", [b"", b"RIFF", b"<html>no</html>" * 100, bytes(5000)])
def test_what_is_not_audio_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidParameter, match="can't be decoded as audio"):
        decode(data)


def test_damage_in_the_middle_is_refused_and_ends_a_prefix() -> None:
    data = bytearray(encode_whole(AudioFormat.MP3, speech_like(24_000).tobytes(), 24_000))
    data[6000:9000] = bytes(3000)
    with pytest.raises(InvalidParameter, match="can't be decoded as audio"):
        decode(data)
    assert 0.3 < decode_prefix(data).duration_s < 0.7


@pytest.mark.parametrize("fmt", [AudioFormat.WAV, AudioFormat.FLAC, AudioFormat.OGG, AudioFormat.MP3])
def test_a_file_without_sound_is_refused(fmt: AudioFormat) -> None:
    with pytest.raises(InvalidParameter):
        decode(encode_whole(fmt, b"", 24_000))


def test_a_missing_path_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "none.wav")


def test_an_address_is_a_path_and_never_opened() -> None:
    with pytest.raises(FileNotFoundError):
        decode("http://localhost/voice.wav")


def test_a_playlist_does_not_reach_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.wav").write_bytes(written(sine(24_000, 440), 24_000, format="WAV"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidParameter):
        decode(b"ffconcat version 1.0\nfile secret.wav\n")


def test_too_long_is_refused() -> None:
    data = encode_whole(AudioFormat.OPUS, bytes(2 * 24_000 * 3), 24_000)
    assert decode(data, max_duration_s=3.0).duration_s == pytest.approx(3)
    with pytest.raises(InvalidParameter, match=r"longer than 2\.9 s"):
        decode(data, max_duration_s=2.9)


def test_pcm_is_rounded_and_clipped_and_16_bit_comes_back_exactly() -> None:
    every = np.arange(-32768, 32768).astype("<i2")
    assert Pcm((every / 32768).astype(np.float32), 8000).to_s16le() == every.tobytes()
    assert Pcm(np.array([1.5, -1.5, 0.00002], np.float32), 8000).to_s16le() == bytes.fromhex("ff7f00800100")


@pytest.mark.parametrize("fmt", [fmt for fmt in AudioFormat if fmt is not AudioFormat.PCM])
def test_a_prefix_gives_the_beginning_of_the_whole(fmt: AudioFormat) -> None:
    data = encode_whole(fmt, speech_like(24_000).tobytes(), 24_000)
    whole, part = decode(data).samples, decode_prefix(data[: len(data) // 2]).samples
    assert 0.3 * whole.size < part.size < 0.6 * whole.size
    assert np.array_equal(part[:-2400], whole[: part.size - 2400])


@pytest.mark.parametrize("data", [b"", b"Ogg", b"\xff"])
def test_a_prefix_without_a_header_gives_nothing(data: bytes) -> None:
    assert decode_prefix(data).samples.size == 0
