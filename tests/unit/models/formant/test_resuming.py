"""A stream that was cut off goes on from the segment that was being heard, with the same bytes."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.streams import chunks_of, hear
from tests.unit.models.formant.support import STORY, make_request
from tts_core.engine.chunks import SegmentMark
from tts_core.errors import EmptyInput, InvalidParameter
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import SynthesisRequest


async def whole(engine: FormantEngine, request: SynthesisRequest) -> tuple[bytes, list[SegmentMark]]:
    chunks = await chunks_of(engine.generate(request))
    return b"".join(chunk.pcm for chunk in chunks), [mark for chunk in chunks for mark in chunk.marks]


def rest_of(request: SynthesisRequest, first_segment: int) -> SynthesisRequest:
    return dataclasses.replace(request, request_id="rest", first_segment=first_segment)


@pytest.mark.parametrize("voice", ["en-us", "en-us+whisper", "en-us+klatt3", "en-gb+croak"])
async def test_the_rest_from_any_segment_on_is_the_rest_of_the_whole(
    engine: FormantEngine, voice: str
) -> None:
    request = make_request(*STORY, voice=voice)
    pcm, marks = await whole(engine, request)
    assert [mark.segment for mark in marks] == [0, 1, 2]
    for mark in marks:
        rest, rest_marks = await whole(engine, rest_of(request, mark.segment))
        assert rest == pcm[2 * mark.start_sample :]
        assert [later.segment for later in rest_marks] == [0, 1, 2][mark.segment :]


async def test_a_segment_behind_silence_that_was_held_back_begins_nothing(engine: FormantEngine) -> None:
    pcm, marks = await whole(engine, make_request(".", *STORY[:2]))
    assert [mark.segment for mark in marks] == [0, 2]
    assert len(pcm) > 2 * marks[1].start_sample


async def test_a_rest_in_which_nothing_can_be_heard_is_no_error(engine: FormantEngine) -> None:
    request = make_request(STORY[0], ".")
    pcm, marks = await whole(engine, request)
    assert await hear(engine.generate(rest_of(request, 1))) == pcm[2 * marks[1].start_sample :]
    with pytest.raises(EmptyInput):
        await hear(engine.generate(make_request(".")))


@pytest.mark.parametrize("first", [-1, 3])
async def test_there_is_no_segment_to_begin_with(engine: FormantEngine, first: int) -> None:
    with pytest.raises(InvalidParameter, match="first_segment"):
        engine.generate(rest_of(make_request(*STORY), first))
