"""A folder of small files, on this machine or at any fsspec URL, that several processes share."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from tts_core.errors import InvalidConfig, MissingDependency


class Storage:
    """Files by path relative to a root. Knows nothing of voices.

    Args:
        url: a folder's path, or a URL such as `s3://bucket/voices` or `memory://voices`.

    Raises:
        InvalidConfig: nobody knows the URL's protocol.
        MissingDependency: the protocol needs a package that isn't installed.
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        self.url = os.fspath(url)
        try:
            self._fs, root = fsspec.url_to_fs(self.url)
        except ValueError as error:
            raise InvalidConfig(f"the voice store {self.url!r} can't be opened: {error}") from error
        except ImportError as error:
            raise MissingDependency(f"the voice store {self.url!r} can't be opened: {error}") from error
        self._root = root.rstrip("/")
        self._is_local = isinstance(self._fs, LocalFileSystem)

    def names(self, folder: str) -> list[str]:
        """Return what lies in a folder, sorted, without temporary files; nothing if there is none."""
        path = self._path(folder)
        self._fs.invalidate_cache(path)  # other processes write here too
        try:
            entries = self._fs.ls(path, detail=False)
        except FileNotFoundError:
            return []
        names = {str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries}
        return sorted(name for name in names if not name.startswith("."))

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: there is none.
        """
        data: bytes = self._fs.cat_file(self._path(path))
        return data

    def create(self, path: str, data: bytes) -> None:
        """Write a new file, so that others see the whole of it or nothing.

        Of several processes that create one path, one succeeds. On an object store that rests on its
        conditional writes; where fsspec's implementation has none, only on a look beforehand.

        Raises:
            FileExistsError: there is one.
        """
        if self._is_local:
            _create_local(Path(self._path(path)), data)
            return
        if self._fs.exists(self._path(path)):
            raise FileExistsError(path)
        self._fs.pipe_file(self._path(path), data, mode="create")

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it.

        Raises:
            FileNotFoundError: there is none.
        """
        self._fs.rm(self._path(path), recursive=True)

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}"


def _create_local(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _publish(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _publish(part: Path, path: Path) -> None:
    """Give a complete file its name, unless that is taken."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a mounted bucket has no links: exclusive still, though a reader may come too early
        with path.open("xb") as file:
            file.write(part.read_bytes())
