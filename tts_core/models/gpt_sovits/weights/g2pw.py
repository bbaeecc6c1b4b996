"""Fetch G2PW, which comes as an archive. Nothing here runs unless someone asks for it."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.weights.hub import HubFile, Progress, describe_file, fetch_file
from tts_core.models.gpt_sovits.weights.table import (
    BERT_FOLDER,
    G2PW_ARCHIVE,
    G2PW_FILES,
    G2PW_FOLDER,
    G2PW_REPOSITORY,
    HUB_REPOSITORY,
    TOKENIZER_NAME,
)

_SUMS_NAME = "SHA256SUMS"
_SOURCE_NAME = "archive.sha256"
_MAX_BYTES = 4 << 30
_READ_BYTES = 1 << 20


def pull_g2pw(dest: Path | str, endpoint: str | None, progress: Progress) -> Path:
    """Download G2PW into a weights folder, verify every byte of it, and return its own folder.

    A whole one that is there is kept; an interrupted download goes on where it stopped. BERT's tokenizer,
    which it reads with, comes along.

    Args:
        dest: the weights folder; made where it is missing.
        endpoint: the hub's address; by default huggingface_hub's own.
        progress: told how each file comes along.

    Raises:
        MissingWeights: a file can't be fetched; the message says why.
        InvalidCheckpoint: a download differs from what the hub announced, or is no archive of G2PW.
    """
    root = Path(dest).expanduser()
    tokenizer = f"{BERT_FOLDER}/{TOKENIZER_NAME}"
    fetch_file(describe_file(HUB_REPOSITORY, tokenizer, revision="main", endpoint=endpoint), root, progress)
    archive = describe_file(G2PW_REPOSITORY, G2PW_ARCHIVE, revision="main", endpoint=endpoint)
    folder = root / G2PW_FOLDER
    if _is_whole(folder, archive):
        progress(archive.name, archive.size_bytes, archive.size_bytes)
        return folder
    path = fetch_file(archive, root, progress)
    _unpack(path, folder)
    (folder / _SOURCE_NAME).write_text(archive.checksum, encoding="utf-8")
    path.unlink()
    return folder


def _is_whole(folder: Path, archive: HubFile) -> bool:
    source, sums = folder / _SOURCE_NAME, folder / _SUMS_NAME
    if not (source.is_file() and sums.is_file()) or source.read_text(encoding="utf-8") != archive.checksum:
        return False
    return sums.read_text(encoding="utf-8") == _sums_of(folder)


def _sums_of(folder: Path) -> str:
    return "".join(_sum_line(name, folder / name) for name in G2PW_FILES if (folder / name).is_file())


def _sum_line(name: str, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(_READ_BYTES):
            digest.update(chunk)
    return f"{digest.hexdigest()}  {name}\n"


def _unpack(path: Path, folder: Path) -> None:
    """Write the archive's files to a folder, whatever folders they are in, and their checksums last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _SUMS_NAME).unlink(missing_ok=True)
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            for name, member in members.items():
                with archive.open(member) as content:
                    _write(content, folder / name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidCheckpoint(f"{path}: expected a zip archive, found {error}.", param=str(path)) from error
    (folder / _SUMS_NAME).write_text(_sums_of(folder), encoding="utf-8")


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return what is wanted of an archive, by the names that it gets here."""
    wanted = {name.lower(): name for name in G2PW_FILES}
    members = {
        wanted[base]: member
        for member in archive.infolist()
        if (base := PurePosixPath(member.filename).name.lower()) in wanted and not member.is_dir()
    }
    missing = [name for name in G2PW_FILES if name not in members]
    if missing:
        raise InvalidCheckpoint(f"{path}: expected {', '.join(missing)} in it, found none.", param=str(path))
    size_bytes = sum(member.file_size for member in members.values())
    if size_bytes > _MAX_BYTES:
        raise InvalidCheckpoint(
            f"{path}: expected {_MAX_BYTES} bytes at most, found {size_bytes}.", param=str(path)
        )
    return members


def _write(content: IO[bytes], path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as target:
        while chunk := content.read(_READ_BYTES):
            target.write(chunk)
    os.replace(part, path)
