"""Fetch a version's weights from the model hub. Nothing here runs unless someone asks for it."""

from __future__ import annotations

from pathlib import Path

from tts_core.models.gpt_sovits.weights.folder import WeightsPaths, locate_weights
from tts_core.models.gpt_sovits.weights.hub import HubFile, Progress, describe_file, fetch_file
from tts_core.models.gpt_sovits.weights.table import HUB_REPOSITORY, weights_layout


def pull_weights(
    version: str, dest: Path | str, endpoint: str | None = None, progress: Progress | None = None
) -> WeightsPaths:
    """Download what a version needs into a folder, verify every byte of it, and return the paths.

    Whole files that are there already are kept; an interrupted download goes on where it stopped. All files
    come from one revision of the hub's repository.

    Args:
        version: "v1", "v2", "v2Pro" or "v2ProPlus".
        dest: the weights folder; made where it is missing.
        endpoint: the hub's address; by default huggingface_hub's own (`HF_ENDPOINT`, or the public hub).
        progress: told how each file comes along.

    Raises:
        InvalidConfig: there is no such version.
        MissingWeights: a file can't be fetched; the message says why.
        InvalidCheckpoint: a download differs from what the hub announced.
    """
    folder = Path(dest).expanduser()
    for file in _describe_all(weights_layout(version).files, endpoint):
        fetch_file(file, folder, progress or _ignore)
    return locate_weights(folder, version)


def _describe_all(names: tuple[str, ...], endpoint: str | None) -> list[HubFile]:
    described: list[HubFile] = []
    for name in names:
        revision = described[0].revision if described else "main"
        described.append(describe_file(HUB_REPOSITORY, name, revision=revision, endpoint=endpoint))
    return described


def _ignore(name: str, done_bytes: int, size_bytes: int) -> None:
    """Report to no one."""
