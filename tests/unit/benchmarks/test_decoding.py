from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest

from benchmarks.load.decoding import AudioMeter, UndecodableAudio, make_decoder
from benchmarks.load.decoding.ogg import packet_samples
from tests.unit.benchmarks.encoding import RATE_HZ, encode, tone, wav

FORMATS = ("pcm", "wav", "mp3", "opus", "aac", "flac")
# Encoders add priming and padding, and smear an onset over a frame.
SLACK_S = {"pcm": 0.0, "wav": 0.0, "flac": 0.0, "mp3": 0.1, "aac": 0.1, "opus": 0.03}
PCM = tone(2.0, silence_s=0.5)


def decode(audio_format: str, body: bytes, step: int) -> tuple[AudioMeter, bool]:
    meter = AudioMeter(-60.0)
    decoder = make_decoder(audio_format, meter, RATE_HZ)
    for at in range(0, len(body), step):
        decoder.feed(body[at : at + step])
    held_s = meter.audio_s
    cut = decoder.finish()
    assert meter.audio_s == held_s, "audio was held back until the end of the body"
    return meter, cut


@pytest.mark.parametrize("audio_format", FORMATS)
@pytest.mark.parametrize("step", [1, 97, 1 << 30])
def test_all_audio_and_its_first_audible_sample_are_found(audio_format: str, step: int) -> None:
    meter, cut = decode(audio_format, encode(audio_format, PCM), step)
    assert not cut
    assert meter.audio_s == pytest.approx(2.0, abs=SLACK_S[audio_format] + 1e-12)
    assert meter.audible_offset_s == pytest.approx(0.5, abs=SLACK_S[audio_format] + 1e-12)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_a_body_that_ends_early_is_noticed(audio_format: str) -> None:
    body = encode(audio_format, PCM)
    meter, cut = decode(audio_format, body[: len(body) * 2 // 3 | 1], 97)
    assert cut
    assert 0.5 < meter.audio_s < 1.9


@pytest.mark.parametrize("audio_format", ["wav", "opus", "flac"])
def test_what_is_not_the_format_is_undecodable(audio_format: str) -> None:
    with pytest.raises(UndecodableAudio):
        decode(audio_format, b"<html>nothing to hear</html>" * 20, 64)


@pytest.mark.parametrize("audio_format", ["mp3", "aac"])
def test_what_holds_no_frame_gives_no_audio(audio_format: str) -> None:
    meter, cut = decode(audio_format, b"<html>nothing to hear</html>" * 20, 64)
    assert cut
    assert meter.audio_s == 0.0


def test_the_threshold_is_exclusive_and_relative_to_full_scale() -> None:
    meter = AudioMeter(-20.0)
    meter.add(np.array([0, 3276, -3276], np.int16), 1000)
    assert meter.audible_offset_s is None
    meter.add(np.array([0, -3277], np.int16), 1000)
    assert meter.audible_offset_s == 0.004
    assert meter.audio_s == 0.005


def test_the_most_negative_sample_is_audible() -> None:
    meter = AudioMeter(-1.0)
    meter.add(np.array([-32768], np.int16), 1000)
    assert meter.is_audible


def test_any_channel_can_be_heard() -> None:
    meter = AudioMeter(-60.0)
    meter.add(np.array([[0.0, 0.0], [0.0, 0.5]], np.float32), 1000)
    assert meter.audible_offset_s == 0.001
    assert meter.audio_s == 0.002


def test_silence_is_not_audible() -> None:
    meter, _ = decode("pcm", bytes(4800), 100)
    assert (meter.audio_s, meter.audible_offset_s) == (0.1, None)


def test_half_a_sample_is_a_cut() -> None:
    assert decode("pcm", PCM + b"\0", 64)[1]


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_streamed_wav_may_declare_a_placeholder_length(declared: int) -> None:
    meter, cut = decode("wav", wav(PCM, declared=declared), 1000)
    assert (meter.audio_s, cut) == (2.0, False)


def test_a_wav_shorter_than_it_declares_is_cut() -> None:
    meter, cut = decode("wav", wav(PCM[:48000], declared=len(PCM)), 1000)
    assert (meter.audio_s, cut) == (1.0, True)


def test_what_follows_the_wav_data_is_no_audio() -> None:
    meter, cut = decode("wav", wav(PCM, declared=len(PCM)) + b"LIST\x04\0\0\0abcd", 1000)
    assert (meter.audio_s, cut) == (2.0, False)


def test_float_stereo_wav_is_read_by_its_header() -> None:
    samples = np.zeros((100, 2), "<f4")
    samples[50, 1] = 0.5
    extra = struct.pack("<4sI4s", b"note", 3, b"abc\0")  # an odd chunk, padded
    layout = struct.pack("<HHIIHH", 3, 2, 1000, 8000, 8, 32)
    head = b"RIFF\0\0\0\0WAVE" + extra + struct.pack("<4sI", b"fmt ", 16) + layout
    meter, cut = decode("wav", head + struct.pack("<4sI", b"data", 800) + samples.tobytes(), 7)
    assert (meter.audio_s, meter.audible_offset_s, cut) == (0.1, 0.05, False)


def test_eight_bit_wav_is_refused_rather_than_misread() -> None:
    head = wav(b"").replace(struct.pack("<HH", 2, 16), struct.pack("<HH", 1, 8))
    with pytest.raises(UndecodableAudio, match="8 bits"):
        decode("wav", head + bytes(100), 1000)


def test_an_ogg_body_that_ends_between_pages_is_cut() -> None:
    body = encode("opus", PCM)
    meter, cut = decode("opus", body[: body.rindex(b"OggS")], 500)
    assert cut
    assert meter.audio_s > 0.5


def test_the_info_frame_of_an_mp3_is_no_audio() -> None:
    body = encode("mp3", PCM)
    with av.open(io.BytesIO(body), "r") as container:
        # FFmpeg's demuxer keeps the Info frame to itself; a frame at 24 kHz has 576 samples.
        num_frames = sum(packet.size > 0 for packet in container.demux(audio=0))
    assert decode("mp3", body, 1000)[0].audio_s == pytest.approx(num_frames * 576 / RATE_HZ)


@pytest.mark.parametrize("audio_format", FORMATS)
def test_counting_after_the_first_audible_sample_agrees_with_decoding_all(audio_format: str) -> None:
    body = encode(audio_format, PCM)
    never_audible = AudioMeter(-1e-9)
    decoder = make_decoder(audio_format, never_audible, RATE_HZ)
    decoder.feed(body)
    assert not never_audible.is_audible
    assert decode(audio_format, body, 500)[0].audio_s == pytest.approx(never_audible.audio_s)


@pytest.mark.parametrize("frame_ms", ["2.5", "5", "10", "20", "40", "60"])
@pytest.mark.parametrize("application", ["voip", "audio", "lowdelay"])
def test_opus_packets_of_every_length_are_counted(frame_ms: str, application: str) -> None:
    body = encode("opus", PCM, {"frame_duration": frame_ms, "application": application, "b": "16k"})
    meter, cut = decode("opus", body, 1000)
    assert not cut
    assert meter.audio_s == pytest.approx(2.0, abs=0.075)


@pytest.mark.parametrize(
    ("packet", "samples"), [(b"\x7b\x03", 960 * 3), (b"\x0b", 0), (b"\x81x", 240), (b"\x1ax", 2 * 2880)]
)
def test_opus_packets_of_several_frames_are_counted(packet: bytes, samples: int) -> None:
    assert packet_samples(packet) == samples


def test_joined_ogg_files_are_read_as_one_body() -> None:
    body = encode("opus", PCM)
    meter, cut = decode("opus", body + body, 500)
    assert not cut
    assert meter.audio_s == pytest.approx(4.0, abs=0.06)


def test_a_flac_frame_counts_with_its_last_byte() -> None:
    body = encode("flac", tone(2.0))
    first = body.index(b"\xff\xf8")
    second = body.index(body[first : first + 4], first + 4)
    meter = AudioMeter(-60.0)
    decoder = make_decoder("flac", meter, RATE_HZ)
    decoder.feed(body[: second - 1])
    assert meter.audio_s == 0.0
    decoder.feed(body[second - 1 : second])
    assert meter.audio_s > 0.0
    one_frame_s = meter.audio_s
    decoder.feed(body[second : second + 2])
    assert meter.audio_s == one_frame_s
