"""Which uploads will do as a recording, and what is said of those that won't."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tests.unit.voices.samples import encode, encode_with_libav, speech, upload
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import AudioFormat
from tts_core.errors import InvalidVoice
from tts_core.voices import EXTRA_LIMITS, RecordingLimits, Upload, check_recording


def refused(data: bytes, limits: RecordingLimits | None = None) -> str:
    with pytest.raises(InvalidVoice) as caught:
        check_recording(Upload("me.wav", data), limits or RecordingLimits())
    assert caught.value.param == "me.wav"
    assert caught.value.message.startswith("me.wav: expected ")
    return caught.value.message


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("fmt", ["WAV", "FLAC", "OGG", "AIFF"])
def test_any_rate_is_taken(fmt: str, rate_hz: int) -> None:
    given = upload(rate_hz, 4.0, fmt)

    recording = check_recording(given)

    assert recording.duration_s == pytest.approx(4.0, abs=0.01)
    assert recording.num_bytes == len(given.data)
    assert recording.sha256 == hashlib.sha256(given.data).hexdigest()


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_mp3_is_taken(rate_hz: int) -> None:
    assert check_recording(upload(rate_hz, 4.0, "MP3")).duration_s == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("fmt", "codec"), [("mp4", "aac"), ("webm", "libopus"), ("ogg", "libopus"), ("mp3", "libmp3lame")]
)
def test_what_browsers_and_phones_record_is_taken(fmt: str, codec: str) -> None:
    data = encode_with_libav(speech(48_000), 48_000, fmt, codec)

    assert check_recording(Upload("memo", data)).duration_s == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("fmt", ["wav", "flac", "mp3", "opus"])
def test_a_stream_that_did_not_know_its_length_is_taken(fmt: str) -> None:
    pcm = (speech() * 32767).astype("<i2").tobytes()
    encoder = StreamEncoder(AudioFormat(fmt), 32_000)

    data = encoder.encode(pcm) + encoder.finish()

    assert check_recording(Upload("stream", data)).duration_s == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_any_sample_format_is_taken(subtype: str) -> None:
    data = encode(speech(), 32_000, "WAV", subtype)

    assert check_recording(Upload("me.wav", data)).duration_s == 4.0


def test_stereo_is_judged_by_its_mixdown() -> None:
    mono = speech()
    one_sided = encode(np.stack((mono, 0 * mono), axis=1), 32_000)
    cancelling = encode(np.stack((mono, -mono), axis=1), 32_000)

    assert check_recording(Upload("left.wav", one_sided)).duration_s == 4.0
    assert "silence" in refused(cancelling)


@pytest.mark.parametrize(
    ("duration_s", "is_taken"), [(2.99, False), (3.0, True), (10.0, True), (10.01, False), (61.0, False)]
)
def test_three_to_ten_seconds_by_default(duration_s: float, is_taken: bool) -> None:
    data = encode(speech(16_000, duration_s), 16_000)
    if is_taken:
        assert check_recording(Upload("me.wav", data)).duration_s == duration_s
        return
    message = refused(data)
    assert "3 to 10 s" in message
    assert ("longer than 60 s" if duration_s > 60 else f"found {duration_s:.2f} s") in message


def test_durations_are_configurable_and_extras_are_freer() -> None:
    second = upload(duration_s=1.0)

    assert check_recording(second, RecordingLimits(min_duration_s=0.5)).duration_s == 1.0
    assert check_recording(second, EXTRA_LIMITS).duration_s == 1.0
    assert "3 to 10 s" in refused(second.data)


def test_too_many_bytes_are_refused_undecoded() -> None:
    message = refused(b"\0" * (3 << 20), RecordingLimits(max_num_bytes=1 << 20))

    assert "1 MiB at most; found 3.0 MiB" in message


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(100), b"RIFF", bytes(5000)])
def test_what_is_no_audio_is_refused(data: bytes) -> None:
    assert "can't be decoded as audio" in refused(data)


def test_a_playlist_opens_nothing() -> None:
    assert "can't be decoded" in refused(b"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n")


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("fmt", ["WAV", "AIFF", "FLAC", "OGG", "MP3"])
def test_a_file_cut_off_is_refused(fmt: str, share: float) -> None:
    data = upload(44_100, 8.0, fmt).data

    message = refused(data[: int(len(data) * share)])

    assert "complete file; found one damaged or cut off" in message or "can't be decoded" in message


@pytest.mark.parametrize(("fmt", "codec"), [("mp4", "aac"), ("webm", "libopus"), ("ogg", "libopus")])
def test_a_container_cut_off_is_refused(fmt: str, codec: str) -> None:
    data = encode_with_libav(speech(48_000, 8.0), 48_000, fmt, codec)

    refused(data[: len(data) * 3 // 4])


@pytest.mark.parametrize("fmt", ["FLAC", "OGG", "MP3"])
def test_a_file_with_a_hole_is_refused(fmt: str) -> None:
    data = bytearray(upload(44_100, 8.0, fmt).data)
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)

    refused(bytes(data))


def test_an_ogg_file_without_its_last_page_is_refused() -> None:
    data = upload(44_100, 8.0, "OGG").data

    assert "no last one" in refused(data[: data.rindex(b"OggS")])


def test_an_id3_tag_does_not_hide_that_an_mp3_is_cut_off() -> None:
    data = upload(44_100, 8.0, "MP3").data
    tag = b"ID3\x03\x00\x00\x00\x00\x02\x00" + bytes(256)

    assert check_recording(Upload("tagged.mp3", tag + data)).duration_s == pytest.approx(8.0, abs=0.1)
    assert "cut off" in refused(tag + data[: len(data) * 9 // 10])


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused_with_its_level(level: float) -> None:
    noise = np.random.default_rng(0).standard_normal(128_000).astype(np.float32)

    assert "0.001 of full scale" in refused(encode(noise * np.float32(level), 32_000))


def test_a_whisper_is_no_silence() -> None:
    check_recording(Upload("quiet.wav", encode(speech() * np.float32(0.02), 32_000)))


@pytest.mark.parametrize(("gain", "is_taken"), [(8.0, True), (100.0, False), (1e19, False), (1e38, False)])
def test_floats_beyond_all_sound_are_refused(gain: float, is_taken: bool) -> None:
    """Their spectra overflow, and what is spoken with them isn't finite."""
    data = encode(speech() * gain, 32_000, "WAV", "FLOAT")
    if is_taken:
        assert check_recording(Upload("me.wav", data)).duration_s == 4.0
    else:
        assert "16 times full scale at most; found a peak of " in refused(data)


def test_clipped_to_death_is_refused_and_loud_is_not() -> None:
    check_recording(Upload("loud.wav", encode((speech() * 2.2).clip(-1, 1), 32_000)))

    assert "clipped" in refused(encode((speech() * 100).clip(-1, 1), 32_000))


def test_floats_beyond_full_scale_are_taken() -> None:
    check_recording(Upload("hot.wav", encode(speech() * 4, 32_000, "WAV", "FLOAT")))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(value: float) -> None:
    samples = speech()
    samples[1000] = value

    assert "not numbers" in refused(encode(samples, 32_000, "WAV", "FLOAT"))
