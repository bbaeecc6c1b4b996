"""Which GPT-SoVITS versions could speak."""

from __future__ import annotations

import os
from pathlib import Path

from polyvox.checks.check import Check, ok, warning
from tts_core.models.gpt_sovits.weights import DEFAULT_WEIGHTS_DIR, VERSIONS, find_missing, pull_command


def weights_folder() -> Path:
    """Return `POLYVOX_WEIGHTS`, or where `polyvox weights pull` puts files."""
    return Path(os.environ.get("POLYVOX_WEIGHTS") or DEFAULT_WEIGHTS_DIR).expanduser()


def check_weights() -> Check:
    folder = weights_folder()
    missing = {version: find_missing(folder, version) for version in VERSIONS}
    complete = [version for version, names in missing.items() if not names]
    if complete:
        return ok("weights", f"GPT-SoVITS {', '.join(complete)} in {folder}")
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    state = f"incomplete in {folder} ({_some(found)})" if found else f"none in {folder}"
    return warning(
        "weights",
        f"{state}; the formant engine needs none. For GPT-SoVITS: {pull_command(folder, VERSIONS[-1])}",
    )


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
