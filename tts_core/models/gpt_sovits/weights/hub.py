"""One file of the model hub: looked up, downloaded with resume, verified."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from tts_core.errors import InvalidCheckpoint, MissingDependency, MissingWeights

try:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.file_download import http_get
except ImportError as error:
    raise MissingDependency(
        "Pulling weights needs huggingface_hub, found none. Run: pip install huggingface_hub"
    ) from error

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes of it that are here, and its size in bytes."""

# The root of the HTTP client's errors, whichever client this release of huggingface_hub uses, and OSError.
_NETWORK_ERRORS = cast("tuple[type[Exception], ...]", HfHubHTTPError.__bases__)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_SHA1 = re.compile(r"[0-9a-f]{40}")
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it. `checksum` is its SHA-256, or for small files its git blob's SHA-1."""

    name: str
    url: str
    size_bytes: int
    checksum: str
    revision: str


def describe_file(repository: str, name: str, *, revision: str, endpoint: str | None) -> HubFile:
    """Ask the hub for a file's size and checksum. No credentials are sent.

    Raises:
        MissingWeights: the hub can't be reached, has no such file, or gives no checksum.
    """
    url = hf_hub_url(repository, name, revision=revision, endpoint=endpoint)
    try:
        found = get_hf_file_metadata(url, token=False, endpoint=endpoint)
    except _NETWORK_ERRORS as error:
        raise _unreachable(name, url, error) from error
    checksum = found.etag or ""
    if not (_SHA256.fullmatch(checksum) or _GIT_SHA1.fullmatch(checksum)) or found.size is None:
        raise MissingWeights(
            f"{name}: expected its size and checksum from {url}, found {found.size} and {checksum!r}.",
            param=name,
        )
    commit = found.commit_hash or revision
    # Not `found.location`: it is signed for an hour or so, and large files before this one may take longer.
    pinned = hf_hub_url(repository, name, revision=commit, endpoint=endpoint)
    return HubFile(name, pinned, found.size, checksum, commit)


def fetch_file(file: HubFile, folder: Path, progress: Progress) -> Path:
    """Download a file unless a whole one is there, going on where an earlier attempt stopped.

    Parts are kept beside the destination, under the checksum's name, and moved there once verified.

    Raises:
        MissingWeights: the connection was lost, again and again; what came is kept for the next attempt.
        InvalidCheckpoint: the bytes differ from what the hub announced; they are deleted.
    """
    path = folder / file.name
    if path.is_file() and path.stat().st_size == file.size_bytes and checksum_of(path, file) == file.checksum:
        progress(file.name, file.size_bytes, file.size_bytes)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{file.checksum[:12]}.part")
    _download(file, part, progress)
    _verify(file, part)
    os.replace(part, path)
    return path


def checksum_of(path: Path, file: HubFile) -> str:
    """Return the checksum of a local file, of the kind that the hub gives for `file`."""
    if _SHA256.fullmatch(file.checksum):
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while chunk := content.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _download(file: HubFile, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have > file.size_bytes:
        part.unlink()
        have = 0
    try:
        with part.open("ab") as target:
            http_get(
                file.url,
                target,
                resume_size=have,
                expected_size=file.size_bytes,
                tqdm_class=_bar_class(file, progress),
            )
    except _NETWORK_ERRORS as error:
        raise _unreachable(file.name, file.url, error) from error


def _verify(file: HubFile, part: Path) -> None:
    found = checksum_of(part, file)
    if found != file.checksum:
        part.unlink()
        raise InvalidCheckpoint(
            f"{file.name}: expected checksum {file.checksum}, found {found}. "
            "The download was damaged and has been deleted; run the same command again.",
            param=file.name,
        )


def _unreachable(name: str, url: str, error: BaseException) -> MissingWeights:
    return MissingWeights(
        f"{name}: expected it at {url}, found {type(error).__name__}: {error}. "
        "Run the same command again to go on where it stopped.",
        param=name,
    )


def _bar_class(file: HubFile, progress: Progress) -> Any:
    """Return a class that huggingface_hub makes its progress bar from, and that reports to `progress`."""

    class Bar(AbstractContextManager["Bar"]):
        def __init__(self, *_: Any, initial: int = 0, **__: Any) -> None:
            self._done = initial
            self.update(0)

        def update(self, amount: float = 1) -> None:
            self._done += int(amount)
            progress(file.name, self._done, file.size_bytes)

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            return None

    return Bar
