"""The process in which a recording from outside is decoded: alone, with nothing in reach, and not for long.

A codec's mistake with a crafted file costs this process and nothing else. It has read its input by the time
its limits are set: after that it can open no file and no socket, start nothing, take no more memory and
computing time than stated, and answer only where it was started from. It answers one line of JSON, then
float32 samples.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from dataclasses import asdict

READY = b"ready\n"
CPU_S = 10
MEMORY_BYTES = 1 << 30
UPLOAD_NAME = "audio_sample"
_REHEARSED_HZ = 8_000


def main() -> None:
    """Examine the recording on the standard input."""
    # What it needs is imported before the limits: an import opens files.
    from tts_core.errors import InvalidVoice
    from tts_core.voices.examination import examine
    from tts_core.voices.recording import Upload

    _rehearse()
    data = sys.stdin.buffer.read()
    confine()
    out = sys.stdout.buffer
    out.write(READY)
    try:
        figures, pcm = examine(Upload(UPLOAD_NAME, data))
    except InvalidVoice as error:
        out.write(_line({"error": error.message}))
    else:
        answer = {"figures": asdict(figures), "rate_hz": pcm.rate_hz, "warnings": figures.warnings}
        out.write(_line(answer))
        out.write(pcm.samples.astype("<f4").tobytes())
    out.flush()


def confine() -> None:
    """Set this process's limits, for good."""
    os.nice(10)  # nobody's audio waits for an upload
    limits = {
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,  # for any user but root
    }
    if sys.platform == "linux":  # elsewhere it is not enforced, or can't be lowered
        limits[resource.RLIMIT_AS] = MEMORY_BYTES
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))


def _rehearse() -> None:
    """Examine a recording, and what is none, so that whatever is imported on the way is there."""
    import numpy as np

    from tts_core.errors import InvalidVoice
    from tts_core.voices.examination import examine, float_wav
    from tts_core.voices.recording import Upload

    noise = np.random.default_rng(0).standard_normal(4 * _REHEARSED_HZ) / 10
    examine(Upload(UPLOAD_NAME, float_wav(noise.astype("<f4").tobytes(), _REHEARSED_HZ)))
    with contextlib.suppress(InvalidVoice):
        examine(Upload(UPLOAD_NAME, b"nothing"))


def _line(value: object) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"


if __name__ == "__main__":
    main()
