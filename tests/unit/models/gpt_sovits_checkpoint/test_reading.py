"""Official files of every version, as pretraining and fine-tuning leave them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import sovits_shapes, t2s_shapes
from benchmarks.formula_weights import formula_tensor
from benchmarks.official_format import save_sovits, save_t2s
from tests.unit.models.gpt_sovits_checkpoint.conftest import Pair
from tts_core.models.gpt_sovits.checkpoint import read_checkpoint, read_state_dict
from tts_core.models.gpt_sovits.weights import VERSIONS

FIRST_BYTES = {"v1": b"PK", "v2": b"PK", "v2Pro": b"05", "v2ProPlus": b"06"}


def assert_formula(tensors: Mapping[str, torch.Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    assert tensors.keys() == shapes.keys()
    for key, shape in shapes.items():
        assert tensors[key].dtype == torch.float16
        assert torch.equal(tensors[key].float(), torch.from_numpy(formula_tensor(key, shape)).view(shape)), (
            key
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sovits_file_gives_its_version_config_and_every_tensor(
    pairs: Mapping[str, Pair], version: str
) -> None:
    path = pairs[version].sovits
    assert path.read_bytes()[:2] == FIRST_BYTES[version]
    checkpoint = read_checkpoint(path)
    config = sovits_config(version, tiny=True)
    assert (checkpoint.kind, checkpoint.version, checkpoint.info) == ("sovits", version, "formula")
    assert checkpoint.config == config
    assert type(checkpoint.config["model"]) is dict
    assert_formula(checkpoint.tensors, sovits_shapes(version, config))


@pytest.mark.parametrize(
    ("version", "symbols"), [("v1", "v1"), ("v2", "v2"), ("v2Pro", "v2"), ("v2ProPlus", "v2")]
)
def test_a_t2s_file_gives_its_symbol_table_config_and_every_tensor(
    pairs: Mapping[str, Pair], version: str, symbols: str
) -> None:
    checkpoint = read_checkpoint(pairs[version].t2s)
    config = t2s_config(version, tiny=True)
    assert (checkpoint.kind, checkpoint.version) == ("t2s", symbols)
    assert checkpoint.config == config
    assert_formula(checkpoint.tensors, t2s_shapes(config))


def sovits_tensors(version: str) -> dict[str, torch.Tensor]:
    shapes = sovits_shapes(version, sovits_config(version, tiny=True))
    return {key: torch.zeros(shape, dtype=torch.float16) for key, shape in shapes.items()}


def test_the_posterior_encoder_of_pretrained_files_is_left_out(tmp_path: Path) -> None:
    tensors = sovits_tensors("v2") | {"enc_q.pre.weight": torch.zeros(2, 3)}
    save_sovits(tmp_path / "s2G.pth", tensors, sovits_config("v2", tiny=True), "", "v2")
    assert read_checkpoint(tmp_path / "s2G.pth").tensors.keys() == sovits_tensors("v2").keys()


@pytest.mark.parametrize("header", [b"00", b"01", b"05", b"06", b"PK"])
def test_the_version_comes_from_the_tensors_whatever_header_and_name_say(
    tmp_path: Path, header: bytes
) -> None:
    path = tmp_path / "s2Gv2ProPlus.pth"
    save_sovits(path, sovits_tensors("v2Pro"), sovits_config("v2Pro", tiny=True), "", "v2")
    path.write_bytes(header + path.read_bytes()[2:])
    assert read_checkpoint(path).version == "v2Pro"


def test_any_precision_layout_and_shared_storage_are_read(tmp_path: Path) -> None:
    config = t2s_config("v2", tiny=True)
    tensors = {key: torch.zeros(shape) for key, shape in t2s_shapes(config).items()}
    base = torch.arange(24, dtype=torch.float32)
    odd = {
        "double": torch.linspace(0, 1, 3, dtype=torch.float64),
        "brain": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "count": torch.tensor(7),
        "transposed": base.view(4, 6).t(),
        "tail": base[18:],
        "none": torch.empty(0, 5),
    }
    save_t2s(tmp_path / "odd.ckpt", {**tensors, **odd}, config, "")
    read = read_checkpoint(tmp_path / "odd.ckpt").tensors
    for key, value in odd.items():
        assert read[key].dtype == value.dtype
        assert torch.equal(read[key], value), key


def test_paths_in_a_config_become_text_on_every_system(tmp_path: Path) -> None:
    config = t2s_config("v2", tiny=True)
    tensors = {key: torch.zeros(shape) for key, shape in t2s_shapes(config).items()}
    save_t2s(tmp_path / "a.ckpt", tensors, {**config, "output_dir": Path("logs/me")}, "")
    assert read_checkpoint(tmp_path / "a.ckpt").config["output_dir"] == "logs/me"


def test_what_is_written_to_a_tensor_never_reaches_the_file(pairs: Mapping[str, Pair]) -> None:
    path = pairs["v2"].t2s
    before = path.read_bytes()
    for tensor in read_checkpoint(path).tensors.values():
        tensor.fill_(1.0)
    assert path.read_bytes() == before


def test_a_bare_table_of_tensors_is_read_for_the_models_beside(tmp_path: Path) -> None:
    tensors = {"conv1.weight": torch.randn(3, 2), "bn1.num_batches_tracked": torch.tensor(0)}
    torch.save(tensors, tmp_path / "speaker.ckpt")
    read = read_state_dict(tmp_path / "speaker.ckpt")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[key], value) for key, value in tensors.items())
