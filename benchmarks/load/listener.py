"""One listener: asks, reads, decodes as it reads, and writes down when."""

from __future__ import annotations

import asyncio

import aiohttp

from benchmarks.load import dialects, failures
from benchmarks.load.decoding import AudioMeter, Decoder, make_decoder
from benchmarks.load.failures import Failure
from benchmarks.load.lag import RunClock
from benchmarks.load.record import Chunk, RequestRecord
from benchmarks.load.schedule import Plan
from benchmarks.load.settings import LoadSettings

_LONGEST_ERROR_BODY = 1 << 16
_NOT_AUDIO = ("application/json", "text/")


class Listener:
    """Carries out one plan. Never raises: whatever happens ends up in the record."""

    def __init__(self, settings: LoadSettings, plan: Plan, clock: RunClock, scheduled_s: float) -> None:
        self._settings = settings
        self._plan = plan
        self._clock = clock
        self.record = RequestRecord(
            plan.index, scheduled_s, plan.role, plan.voice, plan.sentence.lang, len(plan.sentence.text)
        )

    async def run(self, session: aiohttp.ClientSession) -> RequestRecord:
        """Make the request and return its record, complete."""
        record = self.record
        try:
            await self._ask(session)
        except asyncio.CancelledError:
            record.fail(Failure("interrupted", "the run was stopped"))
        except Exception as error:
            record.fail(failures.from_exception(error, has_bytes=record.num_bytes > 0))
        record.end_s = self._clock.now()
        return record

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        target = self._settings.target
        body = dialects.request_body(target, self._plan)
        self.record.sent_s = self._clock.now()
        async with session.post(dialects.endpoint(target), json=body, allow_redirects=False) as response:
            self.record.headers_s = self._clock.now()
            self.record.status = response.status
            if response.status != 200:
                refusal = await response.content.read(_LONGEST_ERROR_BODY)
                self.record.fail(failures.from_body(response.status, refusal))
            elif response.content_type.startswith(_NOT_AUDIO):
                self.record.fail(Failure("undecodable", f"200 with {response.content_type} is not audio"))
            else:
                await self._read(response)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        meter = AudioMeter(self._settings.listening.audible_dbfs)
        target = self._settings.target
        decoder = make_decoder(target.audio_format, meter, target.pcm_rate_hz)
        async for data in response.content.iter_any():
            self._take(data, meter, decoder)
            if await self._misbehave():
                response.close()
                return
        self.record.truncated = decoder.finish()
        self._judge(meter)

    def _take(self, data: bytes, meter: AudioMeter, decoder: Decoder) -> None:
        record, now_s = self.record, self._clock.now()
        record.num_bytes += len(data)
        if record.first_byte_s is None:
            record.first_byte_s = now_s
        decoder.feed(data)
        record.audio_s = meter.audio_s
        if record.first_audio_s is None and meter.audio_s:
            record.first_audio_s = now_s
        if record.audible_s is None and meter.is_audible:
            record.audible_s, record.audible_offset_s = now_s, meter.audible_offset_s
        record.chunks.append(Chunk(now_s, len(data), meter.audio_s))

    async def _misbehave(self) -> bool:
        """Play the chaos role once its byte is reached; return whether to hang up."""
        record, chaos = self.record, self._settings.chaos
        after = chaos.stall_after_bytes if record.role == "stall" else chaos.hangup_after_bytes
        if record.is_listener or record.acted or after is None or record.num_bytes < after:
            return False
        record.acted = True
        if record.role == "stall":
            await asyncio.sleep(chaos.stall_s)
        return record.role == "hangup"

    def _judge(self, meter: AudioMeter) -> None:
        """A 200 that came to its end may still be no speech."""
        if not meter.audio_s:
            self.record.fail(Failure("no_audio", f"{self.record.num_bytes} bytes without a sample"))
        elif not meter.is_audible:
            self.record.fail(Failure("silent", f"{meter.audio_s:.2f} s, nothing of it audible"))
        elif self.record.truncated:
            self.record.fail(Failure("truncated", "the body ended in the middle of the audio"))
