"""SoVITS at full size against extracts of the reference's output.

Latents are every 10th frame and audio every 13th sample of the whole, so that every tensor leaves a trace.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmarks.parity_checks import Check, Golden, close_audio, close_tensor, same_tokens
from benchmarks.parity_checks import read_golden as read_golden_file
from tests.parity.conftest import DATA
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, num_frames, run_window

FRAME_STEP = 10
SAMPLE_STEP = 13


@pytest.fixture
def golden(sovits: SoVITS) -> Golden:
    return read_golden_file(DATA / f"sovits_{sovits.config.version}.npz")


def style_of(sovits: SoVITS, golden: Golden) -> Style:
    """The style from the reference's own vector, so that what follows is checked in every version."""
    vector = golden["ge_ref_enc"]
    if not sovits.config.is_pro:
        return Style(audio=vector, text=vector)
    with torch.inference_mode():
        audio = sovits.style.prelu(vector)
        return Style(audio=audio, text=sovits.style.ge_to512(audio.transpose(1, 2)).transpose(1, 2))


def decode(sovits: SoVITS, golden: Golden, style: Style, num_codes: int, speed: float = 1.0) -> Tensor:
    noise = torch.zeros(1, sovits.config.latent_channels, num_frames(num_codes, speed))
    codes, phones = golden["codes"][:num_codes], golden["phones"]
    return sovits.decode(codes, phones, style, noise, 0.0, speed)


def missed(*checks: Check) -> list[Check]:
    return [check for check in checks if not check.passed]


def test_latents_are_the_reference_s_and_windows_join_to_the_whole(sovits: SoVITS, golden: Golden) -> None:
    codes, phones = golden["codes"][None], golden["phones"][None]
    lengths = torch.tensor([codes.shape[1]]), torch.tensor([phones.shape[1]])
    style = style_of(sovits, golden)

    prior = sovits.prior(codes, lengths[0], phones, lengths[1], style)
    latents = sovits.latents(prior, torch.zeros_like(prior.mean), 0.0, style)
    windows = [run_window(sovits.generator, latents, style.audio, start, 40) for start in (0, 40, 80)]

    found = {"m_p": prior.mean, "logs_p": prior.log_scale, "z": latents}
    assert (
        missed(*(close_tensor("", name, found[name][:, :, ::FRAME_STEP], golden[name]) for name in found))
        == []
    )
    assert missed(*close_audio("", "windows", torch.cat(windows, 1)[0, ::SAMPLE_STEP], golden["audio"])) == []


@pytest.mark.parametrize(
    ("name", "num_codes", "speed"), [("audio", 50, 1.0), ("audio_speed125_25", 25, 1.25)]
)
def test_audio_is_the_reference_s(
    sovits: SoVITS, golden: Golden, name: str, num_codes: int, speed: float
) -> None:
    audio = decode(sovits, golden, style_of(sovits, golden), num_codes, speed)

    assert len(audio) == num_frames(num_codes, speed) * 640
    assert missed(*close_audio("", name, audio[::SAMPLE_STEP], golden[name])) == []


@pytest.mark.parametrize("sovits", ["v1", "v2Pro"], indirect=True)
def test_a_voice_s_vector_is_the_reference_s(sovits: SoVITS, golden: Golden) -> None:
    vector = sovits.style.vector(golden["refer_spec"], golden.get("sv_emb"))

    assert missed(close_tensor("", "vector", vector, golden["ge_ref_enc"])) == []


@pytest.mark.parametrize("sovits", ["v2Pro"], indirect=True)
def test_two_references_are_averaged(sovits: SoVITS, golden: Golden) -> None:
    style = sovits.style.encode(
        [golden["refer_spec"], golden["refer_spec_b"]], [golden["sv_emb"], golden["sv_emb_b"]]
    )

    audio = decode(sovits, golden, style, 25)

    assert missed(*close_audio("", "two", audio[::SAMPLE_STEP], golden["audio_2refs_25"])) == []


@pytest.mark.parametrize("sovits", ["v2"], indirect=True)
def test_semantic_tokens_are_the_reference_s(sovits: SoVITS, golden: Golden) -> None:
    codes = sovits.codebook.encode(golden["ssl"])[0].tolist()

    assert missed(same_tokens("", "tokens", codes, golden["ssl_codes"].tolist())) == []
