"""A weights folder: where a version's files lie, and what to run when some are missing."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from tts_core.errors import MissingWeights
from tts_core.models.gpt_sovits.weights.table import BERT_FOLDER, G2PW_FOLDER, HUBERT_FOLDER, weights_layout

DEFAULT_WEIGHTS_DIR = Path("~/.cache/polyvox/weights")
"""Where `polyvox weights pull` puts files and a server looks for them, unless told otherwise."""
WEIGHTS_VARIABLE = "POLYVOX_WEIGHTS"
"""The environment variable that names another folder to all of them."""

_CONVERTED_SUFFIX = ".safetensors"
_SHOWN_FILES = 3


def default_weights_dir() -> Path:
    """Return the folder that commands and servers use where none is stated."""
    return Path(os.environ.get(WEIGHTS_VARIABLE) or DEFAULT_WEIGHTS_DIR)


@dataclass(frozen=True)
class WeightsPaths:
    """What a version speaks with: two checkpoints, two Hugging Face folders, perhaps a speaker encoder.

    `g2pw` is where G2PW is, if it has been pulled: of all of them, it alone may be absent.
    """

    t2s: Path
    sovits: Path
    hubert: Path
    bert: Path
    speaker: Path | None
    g2pw: Path | None = None


def locate_weights(folder: Path | str, version: str) -> WeightsPaths:
    """Return a version's paths in a weights folder.

    A converted checkpoint (`polyvox weights convert`) goes before the official file of its name beside it.

    Raises:
        MissingWeights: files are missing; the message says which, and what to run.
        InvalidConfig: there is no such version.
    """
    folder = Path(folder).expanduser()
    if find_missing(folder, version):
        raise missing_weights(folder, version)
    layout = weights_layout(version)
    return WeightsPaths(
        t2s=_existing(folder, layout.t2s),
        sovits=_existing(folder, layout.sovits),
        hubert=folder / HUBERT_FOLDER,
        bert=folder / BERT_FOLDER,
        speaker=folder / layout.speaker if layout.speaker else None,
        g2pw=folder / G2PW_FOLDER,
    )


def find_missing(folder: Path | str, version: str) -> tuple[str, ...]:
    """Return the names of a version's files that a folder lacks.

    Raises:
        InvalidConfig: there is no such version.
    """
    root = Path(folder).expanduser()
    return tuple(name for name in weights_layout(version).files if not _existing(root, name).is_file())


def missing_weights(folder: Path | str, version: str) -> MissingWeights:
    """Return the error for a folder that lacks a version's files: which, and the command that helps."""
    missing = find_missing(folder, version)
    more = f" and {len(missing) - _SHOWN_FILES} more" if len(missing) > _SHOWN_FILES else ""
    return MissingWeights(
        f"GPT-SoVITS {version} needs {', '.join(missing[:_SHOWN_FILES])}{more} in {folder}, "
        f"found no such files. Run: {pull_command(folder, version)}",
        param=str(folder),
    )


def pull_command(folder: Path | str, version: str) -> str:
    """Return the command that fetches a version's weights, or "g2pw", to a folder."""
    command = f"polyvox weights pull {version}"
    if Path(folder).expanduser() == default_weights_dir().expanduser():
        return command
    return f"{command} --to {shlex.quote(str(folder))}"


def _existing(root: Path, name: str) -> Path:
    official = root / name
    converted = official.with_suffix(_CONVERTED_SUFFIX)
    is_checkpoint = official.suffix in (".ckpt", ".pth")
    return converted if is_checkpoint and converted.is_file() else official
