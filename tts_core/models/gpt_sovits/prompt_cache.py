"""Prompt features on disk, so that each voice is read once per model, and not once per process."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import time
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from tts_core.models.gpt_sovits.prompt import (
    FEATURES_FORMAT,
    PromptEncoders,
    PromptFeatures,
    RecordingSource,
    compute_prompt,
    tensors_digest,
)
from tts_core.voices import Voice

DEFAULT_MAX_BYTES = 2 << 30
"""Some 500 voices of ten seconds for one model."""

_SUFFIX = ".safetensors"
_PART_SUFFIX = ".part"
_STALE_PART_S = 3600.0
_KEY_DIGITS = 16

logger = logging.getLogger(__name__)


class PromptCache:
    """Features by voice id, models' fingerprint and format, in a local folder that processes may share.

    What it gives back equals a fresh computation bit for bit. A damaged entry is computed again, with a
    warning; a full or read-only disk costs a warning and the time, never an answer.

    Args:
        folder: made where it is missing.
        max_bytes: of all entries; beyond it those go first that were used longest ago.
    """

    def __init__(self, folder: str | os.PathLike[str], max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = Path(folder).expanduser()
        self.max_bytes = max_bytes

    def prompt(self, voice: Voice, source: RecordingSource, encoders: PromptEncoders) -> PromptFeatures:
        """Return a voice's features, computed where they are not kept yet.

        Raises:
            InvalidVoice, UnknownVoice, UnsupportedLanguage, MissingDependency: as `compute_prompt`.
        """
        path = self.path_of(voice.id, encoders.fingerprint)
        found = self._read(path, encoders.fingerprint)
        if found is not None:
            return found
        features = compute_prompt(voice, source, encoders)
        try:
            self._write(path, features, encoders.fingerprint)
        except OSError as error:
            logger.warning("prompt features can't be kept in %s: %s", path, error)
        return features

    def path_of(self, voice_id: str, fingerprint: str) -> Path:
        """Return where an entry lies, if it is kept."""
        return self.folder / f"{voice_id}.{fingerprint[:_KEY_DIGITS]}.{FEATURES_FORMAT}{_SUFFIX}"

    def _read(self, path: Path, fingerprint: str) -> PromptFeatures | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("prompt features in %s can't be read, computing them again: %s", path, error)
            return None
        try:
            features = _unpack(data, fingerprint)
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            logger.warning("prompt features in %s are damaged, computing them again: %s", path, error)
            return None
        with contextlib.suppress(OSError):  # evicted meanwhile, or read-only
            os.utime(path)
        return features

    def _write(self, path: Path, features: PromptFeatures, fingerprint: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_PART_SUFFIX}")
        try:
            part.write_bytes(_pack(features, fingerprint))
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        self._evict()

    def _evict(self) -> None:
        """Delete the entries used longest ago until the rest fits, and what dead processes left behind."""
        entries = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process evicts too
                status = path.stat()
                if path.suffix == _PART_SUFFIX and status.st_mtime < time.time() - _STALE_PART_S:
                    path.unlink()
                elif path.suffix == _SUFFIX:
                    entries.append((status.st_mtime_ns, status.st_size, path))
        num_bytes = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if num_bytes <= self.max_bytes:
                return
            path.unlink(missing_ok=True)
            num_bytes -= size


def _pack(features: PromptFeatures, fingerprint: str) -> bytes:
    tensors = {"tokens": features.tokens, "phones": features.phones, "bert": features.bert}
    tensors |= {f"spectrogram.{index}": one for index, one in enumerate(features.spectrograms)}
    tensors |= {f"speaker.{index}": one for index, one in enumerate(features.speakers)}
    metadata = {"fingerprint": fingerprint, "sha256": tensors_digest(tensors)}
    packed: bytes = save(tensors, metadata)
    return packed


def _unpack(data: bytes, fingerprint: str) -> PromptFeatures:
    tensors = load(data)
    header_size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + header_size])["__metadata__"]
    if metadata["fingerprint"] != fingerprint:
        raise ValueError(f"expected those of models {fingerprint}; found {metadata['fingerprint']}")
    found = tensors_digest(tensors)
    if metadata["sha256"] != found:
        raise ValueError(f"expected SHA-256 {metadata['sha256']}; found {found}")
    return PromptFeatures(
        tokens=tensors["tokens"],
        spectrograms=_numbered(tensors, "spectrogram"),
        speakers=_numbered(tensors, "speaker"),
        phones=tensors["phones"],
        bert=tensors["bert"],
    )


def _numbered(tensors: dict[str, Tensor], name: str) -> tuple[Tensor, ...]:
    count = sum(key.startswith(f"{name}.") for key in tensors)
    return tuple(tensors[f"{name}.{index}"] for index in range(count))
