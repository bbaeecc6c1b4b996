"""When a slot is free: from what is left to say, and the pace at which it has come."""

from __future__ import annotations

import asyncio

import pytest

from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.engine.forecast import FIRST_GUESS_S, LATEST_S, SOONEST_S, WINDOW_S, Forecast
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.request import Segment, SynthesisRequest

RATE_HZ = 1000


def request_of(
    num_letters: int, speed: float = 1.0, text: str = "", first_segment: int = 0
) -> SynthesisRequest:
    segments = (Segment(0, text or "a" * num_letters),)
    return SynthesisRequest(
        request_id="r", model="m", voice="v", segments=segments, speed=speed, first_segment=first_segment
    )


def open_stream() -> SpeechStream:
    return SpeechStream(RATE_HZ, StreamLimits(lead_s=1000.0, first_chunk_s=0.1, max_chunk_s=1.0))


def write(stream: SpeechStream, seconds: float) -> None:
    stream.write(bytes(round(seconds * RATE_HZ) * BYTES_PER_SAMPLE))


@pytest.fixture
async def forecast() -> Forecast:
    """Return one that has learnt what a letter takes: 0.1 s."""
    forecast = Forecast()
    speak_to_the_end(forecast, num_letters=100, audio_s=10.0)
    return forecast


def speak_to_the_end(forecast: Forecast, num_letters: int, audio_s: float) -> None:
    stream = open_stream()
    forecast.opened(stream, request_of(num_letters), 0.0)
    write(stream, audio_s)
    stream.finish()
    forecast.closed(stream)


async def test_what_is_left_comes_at_the_pace_of_before(forecast: Forecast) -> None:
    stream = open_stream()
    forecast.opened(stream, request_of(1000), 0.0)
    write(stream, 20.0)
    assert forecast.soonest_s(10.0) == pytest.approx((100 - 20) / 2)


async def test_the_pace_is_that_of_lately_not_of_the_first_rush(forecast: Forecast) -> None:
    stream = open_stream()
    forecast.opened(stream, request_of(1000), 0.0)
    write(stream, 40.0)
    for count in range(10):
        foreseen_s = forecast.soonest_s(1.0 + count * WINDOW_S)
        write(stream, WINDOW_S)
    left_s = 100.0 - 40.0 - 9 * WINDOW_S
    assert foreseen_s == pytest.approx(left_s)


async def test_what_is_left_out_is_no_part_of_the_pace(forecast: Forecast) -> None:
    stream = open_stream()
    forecast.opened(stream, request_of(1000, first_segment=1), 0.0)
    stream.skip(40 * RATE_HZ)
    write(stream, 20.0)
    assert forecast.soonest_s(10.0) == pytest.approx((100 - 40 - 20) / 2)


async def test_the_first_of_all_counts(forecast: Forecast) -> None:
    for num_letters in (400, 200, 300):
        stream = open_stream()
        forecast.opened(stream, request_of(num_letters), 0.0)
        write(stream, 10.0)
    assert forecast.soonest_s(10.0) == pytest.approx(10.0)


async def test_who_has_left_isnt_waited_for(forecast: Forecast) -> None:
    short, long = open_stream(), open_stream()
    forecast.opened(short, request_of(20), 0.0)
    forecast.opened(long, request_of(300), 0.0)
    short.cancel()
    forecast.closed(short)
    assert forecast.soonest_s(0.0) == pytest.approx(30.0)


async def test_who_has_nothing_yet_gets_what_the_engine_can_do() -> None:
    forecast = Forecast(lambda: 4.0)
    speak_to_the_end(forecast, num_letters=100, audio_s=10.0)
    forecast.opened(open_stream(), request_of(400), 0.0)
    assert forecast.soonest_s(0.0) == pytest.approx(10.0)


async def test_a_text_is_as_long_as_it_takes_to_say(forecast: Forecast) -> None:
    for request, expected_s in (
        (request_of(100), 10.0),
        (request_of(100, speed=0.5), 20.0),
        (request_of(0, text="你好" * 10), 6.0),
        (request_of(0, text="a, b. c! " * 10), 3.0),
    ):
        stream = open_stream()
        forecast.opened(stream, request, 0.0)
        assert forecast.soonest_s(0.0) == pytest.approx(expected_s)
        stream.cancel()
        forecast.closed(stream)


async def test_a_speech_that_was_cut_off_teaches_nothing(forecast: Forecast) -> None:
    cut = open_stream()
    forecast.opened(cut, request_of(1000), 0.0)
    write(cut, 0.1)
    cut.cancel()
    forecast.closed(cut)
    forecast.opened(open_stream(), request_of(100), 0.0)
    assert forecast.soonest_s(0.0) == pytest.approx(10.0)


async def test_a_speech_that_goes_on_from_its_midst_teaches_nothing(
    forecast: Forecast,
) -> None:
    """It has one segment, of which an engine makes as many pieces as it likes."""
    moved = open_stream()
    forecast.opened(moved, request_of(100, first_segment=7), 0.0)
    assert forecast.soonest_s(0.0) == pytest.approx(10.0)
    write(moved, 1.0)
    moved.finish()
    forecast.closed(moved)
    forecast.opened(open_stream(), request_of(100), 0.0)
    assert forecast.soonest_s(0.0) == pytest.approx(10.0)


async def test_before_anything_was_spoken_it_is_a_guess() -> None:
    forecast = Forecast()
    forecast.opened(open_stream(), request_of(100), 0.0)
    assert forecast.soonest_s(0.0) == pytest.approx(100 * FIRST_GUESS_S)


async def test_forecasts_have_bounds(forecast: Forecast) -> None:
    stalled = open_stream()
    forecast.opened(stalled, request_of(100), 0.0)
    write(stalled, 5.0)
    for now_s in (10.0, 20.0, 30.0):
        foreseen_s = forecast.soonest_s(now_s)
    assert foreseen_s == LATEST_S
    longer = open_stream()
    forecast.opened(longer, request_of(10), 30.0)
    write(longer, 5.0)
    assert forecast.soonest_s(31.0) == SOONEST_S


async def test_a_listener_who_seems_to_have_stalled_will_lend_a_slot(
    forecast: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = SpeechStream(RATE_HZ, StreamLimits(lead_s=5.0, first_chunk_s=0.1, max_chunk_s=1.0))
    full_since = asyncio.get_running_loop().time()
    forecast.opened(stream, request_of(300), full_since)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: full_since)
    write(stream, 5.0)

    def foreseen_s(full_for_s: float) -> float:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: full_since + full_for_s)
        return forecast.soonest_s(full_since + 10.0, lends_after_s=5.0)

    at_its_pace_s = (30 - 5) / 0.5
    assert foreseen_s(3.7) == pytest.approx(at_its_pace_s)
    assert foreseen_s(3.8) == pytest.approx(1.2)
    assert foreseen_s(4.0) == pytest.approx(1.0)
    assert foreseen_s(5.5) == pytest.approx(at_its_pace_s)  # it has lent its slot, and has none to give
    assert forecast.soonest_s(full_since + 10.0) == pytest.approx(at_its_pace_s)
