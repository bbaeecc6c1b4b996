"""Which GPT-SoVITS versions could speak."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from polyvox.checks.check import Check, ok, warning
from tts_core.models.gpt_sovits.weights import VERSIONS, default_weights_dir, find_missing, pull_command
from tts_core.models.gpt_sovits.weights.table import G2PW, G2PW_FILES, G2PW_FOLDER

G2PW_NAME = "G2PW"


def weights_folder() -> Path:
    """Return where `polyvox weights pull` puts files, and servers look for them."""
    return default_weights_dir().expanduser()


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


def check_g2pw() -> Check:
    """Tell whether Chinese characters of several readings are read by context."""
    folder = weights_folder() / G2PW_FOLDER
    missing = [name for name in G2PW_FILES if not (folder / name).is_file()]
    pull = pull_command(weights_folder(), G2PW)
    if len(missing) == len(G2PW_FILES):
        return ok(G2PW_NAME, f"none in {folder}; Chinese is read by dictionaries alone. To add it: {pull}")
    if missing:
        return warning(G2PW_NAME, f"{folder} lacks {', '.join(missing)}; run: {pull}")
    if find_spec("onnxruntime") is None:
        return warning(G2PW_NAME, f"in {folder}, but nothing to run it: pip install 'polyvox[g2pw]'")
    return ok(G2PW_NAME, f"in {folder}")


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
