"""Files that are not what they should be: refused, with file, expectation and finding named."""

from __future__ import annotations

import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import sovits_shapes
from benchmarks.official_format import save_sovits, save_t2s
from tests.unit.models.gpt_sovits_checkpoint.conftest import Pair
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint, read_checkpoint, read_state_dict


def refused(path: Path) -> str:
    """Return the message of a refusal, which names the file."""
    with pytest.raises(InvalidCheckpoint) as caught:
        read_checkpoint(path)
    assert str(path) in caught.value.message
    assert "expected" in caught.value.message
    assert caught.value.param == str(path)
    return caught.value.message


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.txt", "not torch")


def saving(value: Any) -> Callable[[Path], None]:
    return lambda path: torch.save(value, path)


FOREIGN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "an empty file"),
    "random": (lambda path: path.write_bytes(b"\x13\x37" * 500), r"begins with b'\x137"),
    "text": (lambda path: path.write_text("hello, I am a text"), "begins with b'hello, I am "),
    "lfs": (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"), "Git LFS pointer"),
    "other zip": (write_zip, "without data.pkl"),
    "state dict": (saving({"conv1.weight": torch.zeros(2)}), "a bare table of tensors with conv1.weight"),
    "list": (saving([1, 2]), "a pickled list"),
    "lightning": (
        saving({"state_dict": {}, "pytorch-lightning_version": "2"}),
        "Lightning training checkpoint",
    ),
    "training": (
        saving({"model": {}, "optimizer": {}, "iteration": 3}),
        "training checkpoint with its optimiser",
    ),
    "no table": (saving({"weight": [1], "config": {}}), "not a table of tensors"),
    "no config": (saving({"weight": {"a": torch.zeros(1)}, "config": 3}), "a config of type int"),
    "another model": (saving({"weight": {"enc.w": torch.zeros(1)}, "config": {}}), "another model (enc.w)"),
    "discriminator": (
        saving({"weight": {"discriminators.0.w": torch.zeros(1)}, "config": {}}),
        "a SoVITS discriminator",
    ),
    "odd config": (
        saving({"weight": {"a": torch.zeros(1)}, "config": {"x": torch.zeros(1)}}),
        "JSON can't hold",
    ),
    "legacy": (
        lambda path: torch.save({"weight": {}}, path, _use_new_zipfile_serialization=False),
        "a bare pickle, which is never opened",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_refused_by_what_it_is(tmp_path: Path, name: str) -> None:
    write, finding = FOREIGN[name]
    path = tmp_path / "s2G.pth"
    write(path)
    assert finding in refused(path)


def test_a_checkpoint_is_no_state_dict(pairs: Mapping[str, Pair]) -> None:
    with pytest.raises(InvalidCheckpoint, match="expected a table of tensors"):
        read_state_dict(pairs["v2"].t2s)


def test_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="found nothing there"):
        read_checkpoint(tmp_path / "s2G.pth")
    with pytest.raises(MissingWeights, match="found a folder there"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("shape", [(700, 32), (0, 32), ()])
@pytest.mark.parametrize(
    "key", ["enc_p.text_embedding.weight", "model.ar_text_embedding.word_embeddings.weight"]
)
def test_phones_that_no_version_has_are_refused(tmp_path: Path, key: str, shape: tuple[int, ...]) -> None:
    torch.save({"weight": {key: torch.zeros(shape)}, "config": {}}, tmp_path / "a.pth")
    message = refused(tmp_path / "a.pth")
    assert "732 (v2)" in message
    assert str(shape) in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(part=st.floats(min_value=0, max_value=0.9999), pro=st.booleans())
def test_a_file_cut_off_anywhere_is_refused(
    pairs: Mapping[str, Pair], tmp_path: Path, part: float, pro: bool
) -> None:
    content = pairs["v2Pro"].sovits.read_bytes() if pro else pairs["v2"].t2s.read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(content[: int(len(content) * part)])
    refused(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(position=st.floats(min_value=0, max_value=1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_changes_nothing(
    pairs: Mapping[str, Pair], tmp_path: Path, position: float, flip: int
) -> None:
    """Padding and time stamps may change; a tensor, a name or a number of the config may not."""
    path = tmp_path / "flipped.ckpt"
    content = bytearray(pairs["v2"].t2s.read_bytes())
    content[int(len(content) * position)] ^= flip
    path.write_bytes(content)
    whole = read_checkpoint(pairs["v2"].t2s)
    try:
        found = read_checkpoint(path)
    except InvalidCheckpoint:
        return
    assert found.config == whole.config
    assert found.tensors.keys() == whole.tensors.keys()
    assert all(torch.equal(found.tensors[key], value) for key, value in whole.tensors.items())


def test_a_tensor_that_reaches_outside_its_storage_is_refused(tmp_path: Path) -> None:
    torch.save({"greedy": torch.zeros(5000)}, tmp_path / "whole.pth")
    with zipfile.ZipFile(tmp_path / "whole.pth") as whole, zipfile.ZipFile(tmp_path / "cut.pth", "w") as cut:
        for info in whole.infolist():
            content = whole.read(info)
            cut.writestr(info.filename, content[:64] if info.filename.endswith("/data/0") else content)
    with pytest.raises(InvalidCheckpoint, match="a storage too short for it"):
        read_state_dict(tmp_path / "cut.pth")


LATER_TENSORS = {"enc_p.text_embedding.weight": torch.zeros(732, 4), "cfm.estimator.w": torch.zeros(1)}


@pytest.mark.parametrize(
    ("header", "config", "root", "name"),
    [
        (b"PK", {"model": {"version": "v3"}}, {}, "SoVITS v3,"),
        (b"PK", {"model": {"version": "v4"}}, {}, "SoVITS v4,"),
        (b"PK", {"version": "v4"}, {}, "SoVITS v4,"),
        (b"PK", {}, {}, "SoVITS v3 or v4,"),
        (b"02", {}, {}, "SoVITS v3,"),
        (b"03", {}, {"lora_rank": 32}, "SoVITS v3 LoRA,"),
        (b"04", {}, {"lora_rank": 32}, "SoVITS v4 LoRA,"),
    ],
)
def test_later_versions_are_recognised_and_refused_by_name(
    tmp_path: Path, header: bytes, config: dict[str, Any], root: dict[str, Any], name: str
) -> None:
    path = tmp_path / "later.pth"
    torch.save(OrderedDict(weight=LATER_TENSORS, config=config, info="", **root), path)
    path.write_bytes(header + path.read_bytes()[2:])
    message = refused(path)
    assert f"found {name} which is recognised but not supported yet" in message
    summary = inspect_checkpoint(path)
    assert not summary.is_supported
    assert f"SoVITS {summary.version}{' LoRA' if summary.is_lora else ''}," == name


def test_pro_without_a_generator_is_refused(tmp_path: Path) -> None:
    config = sovits_config("v2Pro", tiny=True)
    shapes = sovits_shapes("v2Pro", config)
    tensors = {key: torch.zeros(shape) for key, shape in shapes.items() if not key.startswith("dec.")}
    save_sovits(tmp_path / "a.pth", tensors, config, "", "v2Pro")
    assert "dec.ups.0.weight_v" in refused(tmp_path / "a.pth")


def test_a_description_too_large_to_be_real_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bomb/data.pkl", b"\0" * (17 << 20))
    assert "a description of 17 MiB" in refused(path)


def test_a_compressed_description_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\0" * (1 << 20))
    assert "a compressed member" in refused(path)


def test_save_helpers_leave_no_module_behind(tmp_path: Path) -> None:
    before = sys.modules.get("utils")
    save_sovits(tmp_path / "a.pth", {}, sovits_config("v2", tiny=True), "", "v2")
    save_t2s(tmp_path / "a.ckpt", {}, t2s_config("v2", tiny=True), "")
    assert sys.modules.get("utils") is before
