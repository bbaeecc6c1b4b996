"""Which model this process reads Chinese with: one or none, decided when weights are loaded."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tts_core.errors import InvalidCheckpoint, InvalidConfig, MissingDependency
from tts_core.frontend.g2pw.files import ModelFiles, find_files

if TYPE_CHECKING:
    from tts_core.frontend.g2pw.reader import Reader

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Adopted:
    """What was decided: the folder it was decided for, and the model where there is one."""

    folder: Path
    digest: str | None
    reader: Reader | None


_adopted: _Adopted | None = None
_folders: dict[Path, str | None] = {}
_adopting = threading.Lock()


def adopt_model(folder: Path, vocabulary: Path, help_text: str) -> str | None:
    """Read all Chinese of this process with the model of a folder, or without one where there is no folder.

    A folder is looked at once: what is pulled later counts after a restart, so that one process never reads
    a text in two ways. Absence is logged, once.

    Args:
        folder: as the archive has it.
        vocabulary: the tokenizer.json of a Chinese BERT.
        help_text: how to get the model, for errors and the log.

    Returns:
        A hash of the model, None where there is none.

    Raises:
        MissingWeights: the folder lacks files.
        InvalidCheckpoint: a file isn't what it should be.
        MissingDependency: the folder is there, but not what runs it.
        InvalidConfig: this process reads with another model, or none, for weights of another folder.
    """
    folder = folder.resolve()
    with _adopting:
        if folder not in _folders:
            try:
                _folders[folder] = _adopt(folder, vocabulary, help_text)
            except InvalidCheckpoint as error:
                raise InvalidCheckpoint(f"{error.message} {help_text}", param=error.param) from error
        return _folders[folder]


def read_in_context(clause: str, pinyin: list[str]) -> list[str]:
    """Return a syllable for each character of a clause: by the model where there is one, else `pinyin`."""
    if _adopted is None or _adopted.reader is None:
        return pinyin
    return _adopted.reader.read(clause, pinyin)


def _adopt(folder: Path, vocabulary: Path, help_text: str) -> str | None:
    global _adopted
    files = find_files(folder, vocabulary, help_text) if folder.is_dir() else None
    digest = files.digest() if files else None
    if _adopted is not None and _adopted.digest != digest:
        raise InvalidConfig(
            "the models of one process must read Chinese alike: expected G2PW to be the same in "
            f"{_adopted.folder} and {folder}, or in neither. {help_text}",
            param=str(folder),
        )
    if _adopted is not None:
        return digest
    if files is None:
        _log.warning(
            "no G2PW in %s: pypinyin's phrases choose among a Chinese character's readings. %s",
            folder,
            help_text,
        )
        _adopted = _Adopted(folder, None, None)
        return None
    _adopted = _Adopted(folder, digest, _load(files))
    _log.info("Chinese is read with G2PW from %s", folder)
    return digest


def _load(files: ModelFiles) -> Reader:
    try:
        from tts_core.frontend.g2pw.reader import Reader
    except ImportError as error:
        raise MissingDependency(
            f"G2PW is in {files.network.parent} and needs the package {error.name}, found none. "
            "Run: pip install 'polyvox[g2pw]'"
        ) from error
    return Reader(files)
