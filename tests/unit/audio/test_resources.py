"""Many encoders in one process: none disturbs another, and none leaves anything behind."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.unit.audio.signals import speech_like
from tts_core.audio.encoder import StreamEncoder, encode_whole
from tts_core.audio.formats import AudioFormat

CODED = [AudioFormat.MP3, AudioFormat.OPUS, AudioFormat.FLAC, AudioFormat.AAC]
PCM = speech_like(32_000, 0.1).tobytes()


def test_interleaved_encoders_give_what_each_gives_alone() -> None:
    encoders = [StreamEncoder(fmt, 32_000, 24_000) for fmt in CODED * 2]
    received = [b""] * len(encoders)
    for start in range(0, len(PCM), 640):
        for index, encoder in enumerate(encoders):
            received[index] += encoder.encode(PCM[start : start + 640])
    received = [data + encoder.finish() for data, encoder in zip(received, encoders, strict=True)]
    alone = [StreamEncoder(fmt, 32_000, 24_000) for fmt in CODED * 2]
    assert received == [encoder.encode(PCM) + encoder.finish() for encoder in alone]


def test_encoders_in_threads_give_the_same_bytes() -> None:
    jobs = CODED * 10
    with ThreadPoolExecutor(4) as pool:
        encoded = list(pool.map(lambda fmt: encode_whole(fmt, PCM, 32_000, 24_000), jobs))
    assert encoded == [encode_whole(fmt, PCM, 32_000, 24_000) for fmt in jobs]


@pytest.mark.skipif(not psutil.LINUX, reason="thread pools are kept away on Linux only")
def test_an_open_encoder_has_no_threads_of_its_own() -> None:
    process = psutil.Process()
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    num_before, cores_before = process.num_threads(), os.sched_getaffinity(0)
    encoders = [StreamEncoder(fmt, 32_000, 24_000) for fmt in CODED * 5]
    for encoder in encoders:
        encoder.encode(PCM)
    assert process.num_threads() == num_before
    assert os.sched_getaffinity(0) == cores_before
    for encoder in encoders:
        encoder.close()


@pytest.mark.parametrize("ending", ["finish", "close"])
def test_two_thousand_encoders_leave_no_memory_behind(ending: str) -> None:
    def use(num_rounds: int) -> None:
        for _ in range(num_rounds):
            for fmt in CODED:
                encoder = StreamEncoder(fmt, 32_000, 24_000)
                encoder.encode(PCM[:1280])
                getattr(encoder, ending)()

    process = psutil.Process()
    use(50)
    gc.collect()
    before = process.memory_info().rss
    gc.disable()  # what is ended is free at once, not when the collector comes by
    try:
        use(250)
    finally:
        gc.enable()
    assert process.memory_info().rss - before < 16 * 2**20
