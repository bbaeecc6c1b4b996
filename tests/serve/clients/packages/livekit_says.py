"""LiveKit's OpenAI plugin, as an agent uses it: `livekit_says.py URL MODEL FORMAT TEXT PCM_FILE`.

Reports on stdout. Runs where `make clients` installed the plugin, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from livekit.plugins import openai


async def say(url: str, model: str, response_format: str, text: str) -> tuple[dict[str, object], bytes]:
    tts = openai.TTS(base_url=f"{url}/v1", api_key="none", model=model, response_format=response_format)
    tts.prewarm()
    began_at, arrivals, pcm = time.monotonic(), [], bytearray()
    async with tts.synthesize(text) as stream:
        async for event in stream:
            pcm += event.frame.data
            arrivals.append([time.monotonic() - began_at, len(pcm)])
            rate_hz, num_channels = event.frame.sample_rate, event.frame.num_channels
    await tts.aclose()
    return {"rate_hz": rate_hz, "num_channels": num_channels, "arrivals": arrivals}, bytes(pcm)


report, heard = asyncio.run(say(*sys.argv[1:5]))
Path(sys.argv[5]).write_bytes(heard)
print(json.dumps(report))
