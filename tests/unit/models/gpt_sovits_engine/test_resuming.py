"""A request that was cut off goes on from any segment, with the bytes that it would have had."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from tests.support.streams import chunks_of, hear
from tests.unit.models.gpt_sovits_engine.support import request, speak_alone
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.chunks import SegmentMark
from tts_core.errors import InvalidParameter
from tts_core.fingerprints import sound_alike
from tts_core.frontend.pipeline import PhoneSequence
from tts_core.models.gpt_sovits.conditioning import read_piece
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import SynthesisRequest

TEXTS = ("Good morning to all of you.", "The second sentence is here.", "And this is the third one.")


async def marks_of(engine: BatchingEngine, wanted: SynthesisRequest) -> list[SegmentMark]:
    marks: list[SegmentMark] = []
    for chunk in await chunks_of(engine.generate(wanted)):
        inside = range(chunk.start_sample, chunk.start_sample + chunk.num_samples)
        assert all(mark.start_sample in inside for mark in chunk.marks)
        marks.extend(chunk.marks)
    return marks


@pytest.mark.parametrize("low_latency", [False, True])
async def test_every_mark_is_a_place_to_go_on_from(
    engine: BatchingEngine, model: LoadedModel, low_latency: bool
) -> None:
    whole = speak_alone(model, request(*TEXTS, low_latency=low_latency))
    marks = await marks_of(engine, request(*TEXTS, low_latency=low_latency))
    assert [mark.segment for mark in marks] == [0, 1, 2]
    for mark in marks:
        rest = request(*TEXTS, low_latency=low_latency, first_segment=mark.segment)
        assert await hear(engine.generate(rest)) == whole[mark.start_sample * 2 :]


async def test_what_is_left_out_counts_once_however_often_a_stream_moves(engine: BatchingEngine) -> None:
    texts = ("สวัสดี", "Good morning to you, สวัส.", "ครับ", "And this is the last one, ดี.", "นะ")
    whole = engine.generate(request(*texts, language="en"))
    await hear(whole)
    marks = await marks_of(engine, request(*texts, language="en"))
    assert [mark.segment for mark in marks] == [0, 1]
    assert whole.num_dropped == sum(char.isalnum() and char > "z" for char in "".join(texts))
    for mark in marks:
        rest = engine.generate(request(*texts, language="en", first_segment=mark.segment))
        await hear(rest)
        assert mark.num_dropped + rest.num_dropped == whole.num_dropped
    assert marks[1].num_dropped not in (0, whole.num_dropped)


async def test_what_was_heard_elsewhere_is_not_read_again(engine: BatchingEngine) -> None:
    read: list[str] = []

    def spy(text: str, *rest: Any) -> PhoneSequence:
        read.append(text)
        return read_piece(text, *rest)

    with patch("tts_core.models.gpt_sovits.script.read_piece", spy):
        await hear(engine.generate(request(*TEXTS, first_segment=2)))
    assert read == [TEXTS[2]]


@pytest.mark.parametrize("first", [-1, 3])
async def test_a_segment_that_is_not_there_is_refused(engine: BatchingEngine, first: int) -> None:
    with pytest.raises(InvalidParameter, match="first_segment"):
        await hear(engine.generate(request(*TEXTS, first_segment=first)))


async def test_a_stream_names_all_that_its_bytes_depend_on_beside_its_request(
    engine: BatchingEngine, model: LoadedModel
) -> None:
    streams = [
        engine.generate(request(TEXTS[0], voice=voice, request_id=f"{number}"))
        for number, voice in enumerate(("ada", "ada", "bo"))
    ]
    names = [stream.fingerprint for stream in streams]
    assert names[0] == names[1] != names[2]
    assert not sound_alike(names[0], names[2])
    for stream in streams:
        stream.cancel()
