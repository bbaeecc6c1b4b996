"""Pulling G2PW from a hub on localhost: an archive, unpacked, verified, kept."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from typer.testing import CliRunner

from polyvox.commands.weights import app
from tests.unit.models.gpt_sovits_weights.conftest import content_of
from tests.unit.models.gpt_sovits_weights.fake_hub import FakeHub, running
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.frontend.g2pw.files import CHECKSUMS_NAME, find_files
from tts_core.models.gpt_sovits.weights.g2pw import pull_g2pw
from tts_core.models.gpt_sovits.weights.table import G2PW_FILES

ARCHIVE = "G2PWModel.zip"
TOKENIZER = "chinese-roberta-wwm-ext-large/tokenizer.json"


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as target:
        target.mkdir("G2PWModel_1.1")
        for name, data in files.items():
            target.writestr(f"G2PWModel_1.1/{name}", data)
    return content.getvalue()


def published() -> dict[str, bytes]:
    names = (*G2PW_FILES, "char_bopomofo_dict.json", "record.log", "version")
    return {name: content_of(name) for name in names}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    with running(FakeHub({ARCHIVE: archive(published()), TOKENIZER: content_of(TOKENIZER)})) as served:
        yield served


def pull(hub: FakeHub, dest: Path) -> Path:
    return pull_g2pw(dest, hub.endpoint, lambda *_: None)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_reading_needs_arrives_and_the_archive_is_gone(hub: FakeHub, tmp_path: Path) -> None:
    folder = pull(hub, tmp_path)
    found = contents(tmp_path)
    assert found.pop(TOKENIZER) == hub.files[TOKENIZER]
    for name in G2PW_FILES:
        assert found.pop(f"G2PWModel/{name}") == content_of(name)
    assert set(found) == {"G2PWModel/SHA256SUMS", "G2PWModel/archive.sha256"}
    assert set(find_files(folder, tmp_path / TOKENIZER, "")) >= {folder / name for name in G2PW_FILES}


def test_checksums_are_those_that_a_server_checks(hub: FakeHub, tmp_path: Path) -> None:
    folder = pull(hub, tmp_path)
    expected = [f"{hashlib.sha256(content_of(name)).hexdigest()}  {name}" for name in G2PW_FILES]
    assert (folder / CHECKSUMS_NAME).read_text(encoding="utf-8").splitlines() == expected
    files = find_files(folder, tmp_path / TOKENIZER, "")
    assert files.digest()
    files.config.write_bytes(b"use_mask = False")
    with pytest.raises(InvalidCheckpoint, match="as it was pulled"):
        files.digest()


def test_each_repository_is_asked_for_its_own(hub: FakeHub, tmp_path: Path) -> None:
    pull(hub, tmp_path)
    assert {(repository, name) for repository, name in hub.sources if name in (ARCHIVE, TOKENIZER)} == {
        ("XXXXRT/GPT-SoVITS-Pretrained", ARCHIVE),
        ("lj1995/GPT-SoVITS", TOKENIZER),
    }


def test_a_whole_one_is_kept_without_a_download(hub: FakeHub, tmp_path: Path) -> None:
    pull(hub, tmp_path)
    hub.requests.clear()
    pull(hub, tmp_path)
    assert {method for method, _, _ in hub.requests} == {"HEAD"}


@pytest.mark.parametrize("name", [*G2PW_FILES, "SHA256SUMS"])
def test_a_file_that_changed_or_went_is_fetched_again(hub: FakeHub, tmp_path: Path, name: str) -> None:
    folder = pull(hub, tmp_path)
    before = contents(tmp_path)
    (folder / name).write_bytes(b"changed")
    pull(hub, tmp_path)
    assert contents(tmp_path) == before
    (folder / name).unlink()
    pull(hub, tmp_path)
    assert contents(tmp_path) == before


def test_another_archive_on_the_hub_replaces_it(hub: FakeHub, tmp_path: Path) -> None:
    folder = pull(hub, tmp_path)
    hub.files[ARCHIVE] = archive({**published(), "config.py": b"use_char_phoneme = True"})
    pull(hub, tmp_path)
    assert (folder / "config.py").read_bytes() == b"use_char_phoneme = True"


def test_an_interrupted_download_goes_on_in_the_next_pull(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks_after[ARCHIVE] = 30_000
    hub.goes_down_after_a_break = True
    with pytest.raises(MissingWeights, match="Run the same command again"):
        pull(hub, tmp_path)
    assert not (tmp_path / "G2PWModel").exists()
    hub.is_down = False
    hub.requests.clear()
    pull(hub, tmp_path)
    assert hub.gets(ARCHIVE) == ["bytes=30000-"]


def test_a_damaged_download_leaves_nothing(hub: FakeHub, tmp_path: Path) -> None:
    hub.corrupted = {ARCHIVE}
    with pytest.raises(InvalidCheckpoint, match="has been deleted"):
        pull(hub, tmp_path)
    assert set(contents(tmp_path)) == {TOKENIZER}


@pytest.mark.parametrize("missing", G2PW_FILES)
def test_an_archive_that_lacks_a_file_is_refused(hub: FakeHub, tmp_path: Path, missing: str) -> None:
    files = published()
    del files[missing]
    hub.files[ARCHIVE] = archive(files)
    with pytest.raises(InvalidCheckpoint, match=f"expected {missing} in it"):
        pull(hub, tmp_path)


def test_what_is_no_archive_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.files[ARCHIVE] = b"<html>moved</html>" * 1000
    with pytest.raises(InvalidCheckpoint, match="expected a zip archive"):
        pull(hub, tmp_path)


def test_an_archive_damaged_before_it_was_published_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    """And what it was to replace is no longer vouched for."""
    pull(hub, tmp_path)
    content = bytearray(archive(published(), zipfile.ZIP_STORED))
    content[content.index(content_of("g2pW.onnx")) + 100] ^= 1
    hub.files[ARCHIVE] = bytes(content)
    with pytest.raises(InvalidCheckpoint, match="Bad CRC-32"):
        pull(hub, tmp_path)
    assert not (tmp_path / "G2PWModel/SHA256SUMS").exists()


def test_an_archive_that_would_fill_the_disk_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    content = archive({**published(), "g2pW.onnx": b"\0" * 1000})
    size = struct.pack("<L", 1000)
    at = content.rindex(size)  # as its directory has it
    hub.files[ARCHIVE] = content[:at] + b"\xfe\xff\xff\xff" + content[at + 4 :]
    with pytest.raises(InvalidCheckpoint, match="bytes at most"):
        pull(hub, tmp_path)
    assert not list((tmp_path / "G2PWModel").glob("g2pW.onnx*"))


def test_names_that_climb_are_written_where_they_belong(hub: FakeHub, tmp_path: Path) -> None:
    dest = tmp_path / "below" / "weights"
    files = {f"../../../{name}": content for name, content in published().items()}
    hub.files[ARCHIVE] = archive(files)
    pull(hub, dest)
    assert {path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*") if path.is_file()} == {
        ("below", "weights")
    }


def test_the_command_says_where_it_is(hub: FakeHub, tmp_path: Path) -> None:
    arguments = ["pull", "g2pw", "--to", str(tmp_path), "--endpoint", hub.endpoint]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    assert f"G2PW is in {tmp_path / 'G2PWModel'}" in result.stdout
    hub.is_down = True
    down = CliRunner().invoke(app, arguments)
    assert down.exit_code == 1
    assert "missing_weights" in down.stderr
