"""Pipecat's OpenAI service in a pipeline: `pipecat_says.py URL VOICE TEXT PCM_FILE`, a report on stdout.

Runs where `make clients` installed Pipecat, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.tts import OpenAITTSService


class Ear(FrameProcessor):  # type: ignore[misc]  # the package isn't there where types are checked
    """Keeps what comes out of the service."""

    def __init__(self) -> None:
        super().__init__()
        self.began_at = time.monotonic()
        self.pcm = bytearray()
        self.arrivals: list[list[float]] = []
        self.formats: set[tuple[int, int]] = set()
        self.errors: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.pcm += frame.audio
            self.arrivals.append([time.monotonic() - self.began_at, len(self.pcm)])
            self.formats.add((frame.sample_rate, frame.num_channels))
        elif isinstance(frame, ErrorFrame):
            self.errors.append(frame.error)
        await self.push_frame(frame, direction)


async def say(url: str, voice: str, text: str) -> tuple[dict[str, object], bytes]:
    settings = OpenAITTSService.Settings(voice=voice)
    service = OpenAITTSService(api_key="none", base_url=f"{url}/v1", settings=settings)
    ear = Ear()
    task = PipelineTask(Pipeline([service, ear]), params=PipelineParams(audio_out_sample_rate=24_000))
    await task.queue_frames([TTSSpeakFrame(text), EndFrame()])
    await PipelineRunner(handle_sigint=False).run(task)
    [(rate_hz, num_channels)] = ear.formats or {(0, 0)}
    told = {"rate_hz": rate_hz, "num_channels": num_channels, "arrivals": ear.arrivals, "errors": ear.errors}
    return told, bytes(ear.pcm)


report, heard = asyncio.run(say(*sys.argv[1:4]))
Path(sys.argv[4]).write_bytes(heard)
print(json.dumps(report))
