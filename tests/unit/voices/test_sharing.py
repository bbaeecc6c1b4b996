"""Several processes at one store."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.unit.voices.samples import TEXT, upload
from tts_core.errors import InvalidVoice, PolyvoxError, UnknownVoice
from tts_core.voices import VoiceStore

NUM_PROCESSES = 2
NUM_ROUNDS = 6

_barrier: Barrier


def _share(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def add_names(folder: str, names: list[str], text: str) -> list[str]:
    """Add one voice after another, all processes at the same moment, and return what came of each."""
    store, recording = VoiceStore(folder), upload(16_000, 3.0)
    results = []
    for name in names:
        _barrier.wait(60)
        try:
            results.append(store.add(name, recording, text, "en").id)
        except InvalidVoice as error:
            results.append(error.code)
    return results


def churn(folder: str, is_adding: bool) -> list[str]:
    """Add or remove one and the same voice, over and over; return the errors that neither may have."""
    store, recording = VoiceStore(folder), upload(16_000, 3.0)
    unexpected = []
    for _ in range(10 * NUM_ROUNDS):
        _barrier.wait(60)
        try:
            if is_adding:
                store.add("me", recording, TEXT, "en")
            else:
                store.remove("me")
        except UnknownVoice:
            continue
        except (PolyvoxError, OSError) as error:
            unexpected.append(repr(error))
    return unexpected


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(NUM_PROCESSES)
    with ProcessPoolExecutor(NUM_PROCESSES, context, initializer=_share, initargs=(barrier,)) as pool:
        yield pool


def test_of_two_processes_that_want_one_name_one_gets_it(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    names = [f"voice-{index}" for index in range(NUM_ROUNDS)]
    jobs = [processes.submit(add_names, str(tmp_path), names, text) for text in ("First.", "Second.")]
    results = [job.result(120) for job in jobs]

    store = VoiceStore(tmp_path)
    for name, found in zip(names, zip(*results, strict=True), strict=True):
        kept, refused = sorted(found)
        assert refused == "voice_exists", found
        assert store.get(name).id == kept
        assert store.read_recording(store.get(name))
    assert len(list(tmp_path.glob("artefacts/*"))) == NUM_ROUNDS, "the losers left something"


def test_two_processes_may_add_the_same_voice(tmp_path: Path, processes: ProcessPoolExecutor) -> None:
    names = [f"voice-{index}" for index in range(NUM_ROUNDS)]
    jobs = [processes.submit(add_names, str(tmp_path), names, TEXT) for _ in range(NUM_PROCESSES)]
    results = [job.result(120) for job in jobs]

    assert results[0] == results[1] == [VoiceStore(tmp_path).get("voice-0").id] * NUM_ROUNDS
    assert len(list(tmp_path.glob("artefacts/*"))) == NUM_ROUNDS


def test_removing_never_takes_what_another_process_adds(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    jobs = [processes.submit(churn, str(tmp_path), is_adding) for is_adding in (True, False)]
    assert [job.result(120) for job in jobs] == [[], []]

    voices, damaged = VoiceStore(tmp_path).scan()
    assert not damaged
    assert len(list(tmp_path.glob("artefacts/*"))) == len(voices)
