"""What comes out is speech: in every language, as fast and as high as asked, and never a command obeyed."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.support.streams import hear
from tests.unit.models.formant.samples import sample_for
from tests.unit.models.formant.support import SENTENCE, make_request, samples, speak
from tts_core.models.formant.engine import FormantEngine

VOICED = "Where are you now, my lovely yellow lemon? We all rang the bells many long years ago."


async def spoken_seconds(engine: FormantEngine, text: str, voice: str) -> tuple[float, float]:
    """Return the duration, and the part of it that is loud."""
    audio = samples(await speak(engine, text, voice=voice))
    return audio.size / engine.sample_rate_hz, float(np.mean(np.abs(audio) > 300))


async def test_every_voice_speaks_its_language(engine: FormantEngine) -> None:
    voices = engine.voices()
    assert len(voices) > 130
    asked = [(voice.id, sample_for(voice.id)) for voice in voices]
    for start in range(0, len(asked), 32):
        batch = asked[start : start + 32]
        heard = await asyncio.gather(*(spoken_seconds(engine, text, voice) for voice, text in batch))
        for (voice, text), (seconds, loud) in zip(batch, heard, strict=True):
            per_letter_s = seconds / sum(char.isalpha() for char in text)
            assert 0.04 < per_letter_s < 0.4, (voice, per_letter_s)
            assert loud > 0.25, (voice, loud)


async def test_every_variant_speaks(engine: FormantEngine) -> None:
    names = [f"de+{variant}" for variant in engine.variants()]
    assert {"de+f1", "de+f5", "de+m8", "de+whisper"} <= set(names)
    for start in range(0, len(names), 32):
        batch = names[start : start + 32]
        heard = await asyncio.gather(*(spoken_seconds(engine, "Guten Morgen.", name) for name in batch))
        for name, (seconds, loud) in zip(batch, heard, strict=True):
            assert 0.3 < seconds < 4, (name, seconds)
            assert loud > 0.2, (name, loud)


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", SENTENCE * 2),
        ("ru", "Доброе утро, как дела? Сегодня хорошая погода."),
        ("de+f2", "Guten Morgen. Wie geht es Ihnen heute? Das Wetter ist sehr gut."),
    ],
)
async def test_duration_is_inverse_to_speed(engine: FormantEngine, voice: str, text: str) -> None:
    base = len(await speak(engine, text, voice=voice))
    for speed in (0.25, 0.4, 0.6, 0.8, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0):
        reached = base / len(await speak(engine, text, voice=voice, speed=speed))
        assert reached == pytest.approx(speed, rel=0.1), speed


def median_pitch_hz(pcm: bytes, rate_hz: int) -> float:
    """Median over voiced windows of the strongest period between 35 and 450 Hz, by autocorrelation."""
    audio, size = samples(pcm), 2048
    shortest, longest = rate_hz // 450, rate_hz // 35
    found = []
    for start in range(0, audio.size - size, size // 2):
        window = audio[start : start + size] * np.hanning(size)
        spectrum = np.fft.rfft(window, 2 * size)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
        period = shortest + int(np.argmax(correlation[shortest:longest]))
        if np.sqrt(np.mean(window**2)) > 500 and correlation[period] > 0.5 * correlation[0]:
            found.append(rate_hz / period)
    assert len(found) > 20
    return float(np.median(found))


@pytest.mark.parametrize("voice", ["en-us", "fr", "en-gb+f1"])
async def test_pitch_follows_within_what_the_library_reaches(engine: FormantEngine, voice: str) -> None:
    async def pitch_hz(pitch: float) -> float:
        stream = engine.generate(make_request(VOICED, voice=voice, pitch=pitch))
        return median_pitch_hz(await hear(stream), engine.sample_rate_hz)

    base = await pitch_hz(1.0)
    for pitch in (0.65, 0.8, 1.25, 1.5, 1.75):
        assert await pitch_hz(pitch) / base == pytest.approx(pitch, rel=0.08), pitch
    assert await pitch_hz(2.0) / base == pytest.approx(1.9, rel=0.1)
    assert await pitch_hz(0.5) / base == pytest.approx(0.56, rel=0.13)


async def test_pitch_keeps_the_duration(engine: FormantEngine) -> None:
    base = len(await speak(engine, SENTENCE))
    for pitch in (0.5, 2.0):
        pcm = await hear(engine.generate(make_request(SENTENCE, pitch=pitch)))
        assert len(pcm) == pytest.approx(base, rel=0.01)


async def test_markup_is_read_out_and_not_obeyed(engine: FormantEngine) -> None:
    async def seconds(text: str) -> float:
        return len(await speak(engine, text)) / 2 / engine.sample_rate_hz

    assert await seconds('<break time="9s"/> Hello.') < 5
    assert await seconds("<speak>Hello.</speak>") > 2 * await seconds("Hello.")
    assert await seconds("[[t'EstIN]]") > 1.5 * await seconds("testing")


@pytest.mark.parametrize("command", ["\x0199P", "\x0120S", "\x010A", "\x01Vru "])
async def test_control_characters_are_not_obeyed(engine: FormantEngine, command: str) -> None:
    spaced = command.replace("\x01", " ")
    assert await speak(engine, f"{command}Hello.") == await speak(engine, f"{spaced}Hello.")


async def test_nothing_after_a_nul_is_lost(engine: FormantEngine) -> None:
    assert await speak(engine, "Hello\x00there.") == await speak(engine, "Hello there.")


async def test_surrogates_are_joined_or_passed_over(engine: FormantEngine) -> None:
    assert await speak(engine, "Hi \ud83d\ude00") == await speak(engine, "Hi \U0001f600")
    assert await speak(engine, "Hi \ud83d") == await speak(engine, "Hi \ufffd")
