"""The zip archive that `torch.save` writes, mapped into memory and never unpacked."""

from __future__ import annotations

import io
import mmap
import struct
import zipfile
import zlib
from pathlib import Path

from tts_core.models.gpt_sovits.checkpoint.catalogue import HEADERS, describe_bytes, refusal, require_file

_MAX_PICKLE_BYTES = 16 << 20
"""A real one has 0.1 MB; more could only be an attempt to fill the memory."""
_LOCAL_HEADER = struct.Struct("<26xHH")
_ZIP_MAGIC = b"PK\x03\x04"
_EXPECTED = "a GPT-SoVITS checkpoint as torch.save writes it (a zip archive)"


class TorchArchive:
    """One file of `torch.save`, its two-byte header mended in memory.

    The mapping is private: what is written to it never reaches the file. Members are views of it, read from
    disk when touched, so the file must not be changed in place while its tensors are in use.

    Raises:
        MissingWeights: there is no such file.
        InvalidCheckpoint: it is not an archive of `torch.save`, or is cut off.
    """

    def __init__(self, path: Path) -> None:
        require_file(path)
        self.path = path
        self._data = _map_privately(path)
        self.header = self._mend_header()
        self._members = self._read_directory()

    def pickle(self) -> bytes:
        """Return the bytes of the pickle that describes the tensors. They have been checked, not run."""
        info = self._member("data.pkl")
        if info.file_size > _MAX_PICKLE_BYTES:
            raise refusal(self.path, _EXPECTED, f"a description of {info.file_size >> 20} MiB")
        return bytes(self._verified(info))

    def storage(self, key: str) -> memoryview:
        """Return the bytes of a tensor storage, as a writable private view.

        Raises:
            InvalidCheckpoint: the archive has no such storage, or its checksum does not match.
        """
        return self._verified(self._member(f"data/{key}"))

    def _mend_header(self) -> str | None:
        magic = bytes(self._data[:4])
        if magic == _ZIP_MAGIC:
            return None
        if magic[:2] not in HEADERS or magic[2:] != _ZIP_MAGIC[2:]:
            raise refusal(self.path, _EXPECTED, describe_bytes(bytes(self._data[:64])))
        self._data[:2] = _ZIP_MAGIC[:2]
        return HEADERS[magic[:2]]

    def _read_directory(self) -> dict[str, zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(io.BufferedReader(_MappedFile(self._data))) as archive:
                infos = archive.infolist()
        except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as error:
            raise refusal(self.path, _EXPECTED, f"one cut off or damaged ({error})") from error
        # Members lie in one folder whose name depends on the file's first name.
        return {info.filename.partition("/")[2]: info for info in infos}

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise refusal(self.path, _EXPECTED, f"an archive without {name}")
        return self._members[name]

    def _verified(self, info: zipfile.ZipInfo) -> memoryview:
        if info.compress_type != zipfile.ZIP_STORED:
            raise refusal(self.path, _EXPECTED, f"a compressed member {info.filename}")
        view = self._span(info)
        if zlib.crc32(view) != info.CRC:
            raise refusal(self.path, _EXPECTED, f"a damaged member {info.filename} (its checksum differs)")
        return view

    def _span(self, info: zipfile.ZipInfo) -> memoryview:
        fixed = self._data[info.header_offset : info.header_offset + 30]
        if len(fixed) == 30 and fixed.startswith(_ZIP_MAGIC):
            start = info.header_offset + 30 + sum(_LOCAL_HEADER.unpack(fixed))
            if start + info.file_size <= len(self._data):
                return memoryview(self._data)[start : start + info.file_size]
        raise refusal(self.path, _EXPECTED, f"one cut off at {info.filename}")


def _map_privately(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except ValueError as error:  # an empty file can't be mapped
        raise refusal(path, _EXPECTED, describe_bytes(b"")) from error
    except OSError as error:
        raise refusal(path, _EXPECTED, f"a file that can't be read ({error})") from error


class _MappedFile(io.RawIOBase):
    """A mapping as a seekable file: `mmap` itself only became one in Python 3.13."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._data)}[whence]
        if origin + offset < 0:
            raise ValueError("a position before the beginning")
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._data[self._position : self._position + len(buffer)]
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)
