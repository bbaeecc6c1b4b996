"""A weights folder: what it must hold, and what a person is told to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_core.errors import InvalidConfig, MissingWeights
from tts_core.models.gpt_sovits.weights import (
    DEFAULT_WEIGHTS_DIR,
    VERSIONS,
    find_missing,
    locate_weights,
    missing_weights,
    pull_command,
    weights_layout,
)

SHARED = {
    "chinese-hubert-base/config.json",
    "chinese-hubert-base/preprocessor_config.json",
    "chinese-hubert-base/pytorch_model.bin",
    "chinese-roberta-wwm-ext-large/config.json",
    "chinese-roberta-wwm-ext-large/tokenizer.json",
    "chinese-roberta-wwm-ext-large/pytorch_model.bin",
}
SPEAKER = "sv/pretrained_eres2netv2w24s4ep4.ckpt"
OWN = {
    "v1": {"s1bert25hz-2kh-longer-epoch=68e-step=50232.ckpt", "s2G488k.pth"},
    "v2": {
        "gsv-v2final-pretrained/s1bert25hz-5kh-longer-epoch=12-step=369668.ckpt",
        "gsv-v2final-pretrained/s2G2333k.pth",
    },
    "v2Pro": {"s1v3.ckpt", "v2Pro/s2Gv2Pro.pth", SPEAKER},
    "v2ProPlus": {"s1v3.ckpt", "v2Pro/s2Gv2ProPlus.pth", SPEAKER},
}


def fill(folder: Path, version: str) -> None:
    for name in weights_layout(version).files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_needs_the_published_files_and_no_others(version: str) -> None:
    files = weights_layout(version).files
    assert set(files) == OWN[version] | SHARED
    assert len(files) == len(set(files))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_full_folder_gives_its_paths(tmp_path: Path, version: str) -> None:
    fill(tmp_path, version)
    paths = locate_weights(tmp_path, version)
    assert find_missing(tmp_path, version) == ()
    assert {str(paths.t2s.relative_to(tmp_path)), str(paths.sovits.relative_to(tmp_path))} <= OWN[version]
    assert paths.hubert == tmp_path / "chinese-hubert-base"
    assert paths.bert == tmp_path / "chinese-roberta-wwm-ext-large"
    assert paths.speaker == (tmp_path / SPEAKER if "Pro" in version else None)


def test_an_empty_folder_says_which_files_and_which_command(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights) as caught:
        locate_weights(tmp_path, "v2Pro")
    message = caught.value.message
    assert "s1v3.ckpt, v2Pro/s2Gv2Pro.pth" in message
    assert "and 6 more" in message
    assert message.endswith(f"Run: polyvox weights pull v2Pro --to {tmp_path}")


def test_one_missing_file_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "v2Pro")
    (tmp_path / SPEAKER).unlink()
    assert find_missing(tmp_path, "v2Pro") == (SPEAKER,)
    assert f"needs {SPEAKER} in {tmp_path}" in missing_weights(tmp_path, "v2Pro").message


def test_the_usual_folder_needs_no_option_and_others_are_quoted() -> None:
    assert pull_command(DEFAULT_WEIGHTS_DIR, "v2") == "polyvox weights pull v2"
    assert pull_command(DEFAULT_WEIGHTS_DIR.expanduser(), "v2") == "polyvox weights pull v2"
    assert pull_command("/my weights", "v2") == "polyvox weights pull v2 --to '/my weights'"


def test_a_converted_checkpoint_goes_before_the_official_one(tmp_path: Path) -> None:
    fill(tmp_path, "v2")
    converted = tmp_path / "gsv-v2final-pretrained/s2G2333k.safetensors"
    converted.touch()
    assert locate_weights(tmp_path, "v2").sovits == converted
    (tmp_path / "gsv-v2final-pretrained/s2G2333k.pth").unlink()
    assert locate_weights(tmp_path, "v2").sovits == converted


@pytest.mark.parametrize("version", ["v3", "v4", "v9", ""])
def test_an_unknown_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidConfig, match="expected one of v1, v2, v2Pro, v2ProPlus"):
        weights_layout(version)
