"""A model that is absent, incomplete, damaged or another one: heard of at start-up, never guessed around."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.frontend.g2pw_folder import HELP, adopt, write_folder
from tts_core.errors import InvalidCheckpoint, InvalidConfig, MissingDependency, MissingWeights, SetupError
from tts_core.frontend.g2pw import adopt_model, process
from tts_core.frontend.pipeline import phonemize

TEXT = "家觉还家率在还重。"
FILES = (
    "g2pW.onnx",
    "config.py",
    "POLYPHONIC_CHARS.txt",
    "MONOPHONIC_CHARS.txt",
    "bopomofo_to_pinyin_wo_tune_dict.json",
)


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_adopted", None)
    monkeypatch.setattr(process, "_folders", {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)[0]


def tokenizer_of(folder: Path) -> Path:
    return folder.parent / "chinese-roberta-wwm-ext-large/tokenizer.json"


def refusal(folder: Path) -> SetupError:
    with pytest.raises(SetupError) as caught:
        adopt_model(folder, tokenizer_of(folder), HELP)
    assert caught.value.message.endswith(HELP)
    assert phonemize(TEXT, "zh").phones, "Chinese that was loaded goes on as it was"
    return caught.value


def test_absence_is_logged_once_and_the_dictionary_stands_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = phonemize(TEXT, "zh")
    with caplog.at_level(logging.INFO):
        for name in ("G2PWModel", "other/G2PWModel", "G2PWModel"):
            assert adopt_model(tmp_path / name, tmp_path / "tokenizer.json", HELP) is None
        assert phonemize(TEXT, "zh") == before
    (line,) = [record for record in caplog.records if "G2PW" in record.message]
    assert str(tmp_path / "G2PWModel") in line.message
    assert line.message.endswith(HELP)


def test_without_a_model_nothing_imports_the_runtime(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from tts_core.frontend.g2pw import adopt_model
from tts_core.frontend.pipeline import phonemize
assert adopt_model(Path({str(tmp_path)!r}, "G2PWModel"), Path("tokenizer.json"), "Run: pull") is None
assert phonemize({TEXT!r}, "zh").phones
assert "onnxruntime" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    error = refusal(folder)
    assert isinstance(error, MissingWeights)
    assert str(folder / name) in error.message


def test_a_missing_tokenizer_is_named(folder: Path) -> None:
    tokenizer_of(folder).unlink()
    assert "tokenizer.json" in refusal(folder).message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g2pW.onnx", b"no network"),
        ("g2pW.onnx", b""),
        ("config.py", b"use_mask = ("),
        ("config.py", b"\x00"),
        ("POLYPHONIC_CHARS.txt", b""),
        ("POLYPHONIC_CHARS.txt", "行 ㄒㄧㄥ2".encode()),
        ("POLYPHONIC_CHARS.txt", "行列\tㄒㄧㄥ2".encode()),
        ("MONOPHONIC_CHARS.txt", b"\xff\xfe\t1"),
        ("bopomofo_to_pinyin_wo_tune_dict.json", b"[]"),
        ("bopomofo_to_pinyin_wo_tune_dict.json", b"{"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    error = refusal(folder)
    assert isinstance(error, InvalidCheckpoint)
    assert error.message.startswith(f"{folder / name}: expected ")


def test_half_a_network_is_refused(folder: Path) -> None:
    network = folder / "g2pW.onnx"
    network.write_bytes(network.read_bytes()[:-2000])
    assert isinstance(refusal(folder), InvalidCheckpoint)


def test_tables_of_another_network_are_refused(folder: Path) -> None:
    with (folder / "POLYPHONIC_CHARS.txt").open("a", encoding="utf-8") as table:
        table.write("龥\tㄩ4\n龥\tㄩㄝ4\n")
    assert "g2pW.onnx: expected a network of 13 characters" in refusal(folder).message


def test_a_tokenizer_of_another_kind_is_refused(folder: Path) -> None:
    tokenizer_of(folder).write_text(
        json.dumps({"model": {"type": "BPE", "vocab": {"a": 1}}}), encoding="utf-8"
    )
    assert "tokenizer.json: expected a BERT tokenizer" in refusal(folder).message


def test_a_bit_that_changed_since_the_pull_is_noticed(folder: Path) -> None:
    """ONNX Runtime would load it."""
    network = folder / "g2pW.onnx"
    content = bytearray(network.read_bytes())
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in FILES]
    (folder / "SHA256SUMS").write_text("\n".join(sums), encoding="utf-8")
    at = content.rindex(b"\x3f")  # in a weight
    content[at] ^= 1
    network.write_bytes(content)
    assert f"{network}: expected SHA-256 " in refusal(folder).message


def test_the_config_is_read_and_never_run(folder: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    with (folder / "config.py").open("a", encoding="utf-8") as config:
        config.write(f"import pathlib\npathlib.Path({str(trap)!r}).touch()\n")
    assert adopt_model(folder, tokenizer_of(folder), HELP)
    assert not trap.exists()


def test_a_missing_runtime_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for name in ("session", "reader"):
        monkeypatch.delitem(sys.modules, f"tts_core.frontend.g2pw.{name}", raising=False)
    with pytest.raises(MissingDependency, match=r"onnxruntime.*pip install 'polyvox\[g2pw\]'"):
        adopt_model(folder, tokenizer_of(folder), HELP)


def test_one_process_reads_in_one_way(tmp_path: Path) -> None:
    """Or a text would sound as the order of loading has it."""
    first = adopt(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    adopt_model(tmp_path / "copy/G2PWModel", tokenizer_of(first), HELP)
    with pytest.raises(InvalidConfig, match="must read Chinese alike"):
        adopt(tmp_path / "b", seed=1)
    with pytest.raises(InvalidConfig, match="must read Chinese alike"):
        adopt_model(tmp_path / "nothing", tokenizer_of(first), HELP)


def test_what_is_pulled_later_counts_after_a_restart(tmp_path: Path) -> None:
    before = phonemize(TEXT, "zh")
    missing = tmp_path / "G2PWModel"
    assert adopt_model(missing, tokenizer_of(missing), HELP) is None
    write_folder(tmp_path)
    assert adopt_model(missing, tokenizer_of(missing), HELP) is None
    assert phonemize(TEXT, "zh") == before


def test_equal_files_have_one_digest_and_others_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        monkeypatch.setattr(process, "_adopted", None)
        folder, tokenizer = write_folder(tmp_path / name, seed=seed)
        digests.append(adopt_model(folder, tokenizer, HELP))
    assert digests[0] == digests[1] != digests[2]
