"""A G2PW folder: the files that GPT-SoVITS publishes, found, named when they are missing, and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tts_core.errors import InvalidCheckpoint, MissingWeights

NETWORK_NAMES = ("g2pW.onnx", "g2pw.onnx")
"""Archives differ in its spelling."""

CHECKSUMS_NAME = "SHA256SUMS"
"""In the form of sha256sum; there where the folder was pulled."""

_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFiles:
    """What reading in context needs.

    Attributes:
        network: the ONNX file.
        config: its training settings, as Python assignments; never run.
        polyphonic: "character<TAB>bopomofo", a line for each reading of a character with several.
        monophonic: the same for characters with one.
        pinyin: JSON object, bopomofo without tone to pinyin.
        vocabulary: the tokenizer.json of a Chinese BERT.
    """

    network: Path
    config: Path
    polyphonic: Path
    monophonic: Path
    pinyin: Path
    vocabulary: Path

    def __iter__(self) -> Iterator[Path]:
        yield from (
            self.network,
            self.config,
            self.polyphonic,
            self.monophonic,
            self.pinyin,
            self.vocabulary,
        )

    def digest(self) -> str:
        """Return a hash of all files: what is read with equal ones is read alike.

        Raises:
            InvalidCheckpoint: a file has changed since it was pulled.
        """
        pulled = _read_checksums(self.network.parent)
        whole = hashlib.sha256()
        for path in self:
            found = _checksum(path)
            expected = pulled.get(path.name, found)
            if found != expected:
                raise damaged(path, f"SHA-256 {expected}, as it was pulled", found)
            whole.update(found.encode())
        return whole.hexdigest()


def _read_checksums(folder: Path) -> dict[str, str]:
    """Return the checksums that `polyvox weights pull g2pw` leaves; none in a folder from elsewhere."""
    path = folder / CHECKSUMS_NAME
    if not path.is_file():
        return {}
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        return {name: checksum for checksum, name in lines}
    except ValueError as error:
        raise damaged(path, "lines of a checksum and a name", error) from error


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def find_files(folder: Path, vocabulary: Path, help_text: str) -> ModelFiles:
    """Return the files of a G2PW folder.

    Args:
        folder: as the archive has it.
        vocabulary: the tokenizer.json of the BERT that the network was made from, or one of its vocabulary.
        help_text: what to do about missing files, for the error.

    Raises:
        MissingWeights: files are missing; the message names them.
    """
    network = next((folder / name for name in NETWORK_NAMES if (folder / name).is_file()), None)
    files = ModelFiles(
        network=network or folder / NETWORK_NAMES[0],
        config=folder / "config.py",
        polyphonic=folder / "POLYPHONIC_CHARS.txt",
        monophonic=folder / "MONOPHONIC_CHARS.txt",
        pinyin=folder / "bopomofo_to_pinyin_wo_tune_dict.json",
        vocabulary=vocabulary,
    )
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise MissingWeights(
            f"G2PW needs {', '.join(map(str, missing))}, found no such files. {help_text}", param=str(folder)
        )
    return files


def damaged(path: Path, expected: str, found: object) -> InvalidCheckpoint:
    """Return the error for a file that isn't what it should be."""
    return InvalidCheckpoint(f"{path}: expected {expected}, found {found}.", param=str(path))
