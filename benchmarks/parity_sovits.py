"""SoVITS against golden data: every stage, every kind of segment, alone, in one batch, and in windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from benchmarks.parity_checks import WINDOW_BAR, Check, Golden, close_audio, close_tensor, same_tokens
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, num_frames, run_window

_SHORT_CODES = 25
_FAST = 1.25
_WINDOW_FRAMES = 17


@dataclass(frozen=True)
class Segment:
    """One run of the reference: `name` is its audio's in the golden file."""

    name: str
    codes: Tensor
    style: Style
    speed: float = 1.0

    @property
    def frames(self) -> int:
        return num_frames(len(self.codes), self.speed)


def check_sovits(model: SoVITS, golden: Golden) -> list[Check]:
    """Check tokens of the reference, its vector, prior, latents, and audio in all ways that it is made."""
    subject = model.config.version
    codes = model.codebook.encode(golden["ssl"])[0]
    checks = [same_tokens(subject, "ssl_codes", codes.tolist(), golden["ssl_codes"].flatten().tolist())]
    segments = _segments(model, golden)
    for segment in segments:
        audio = _alone(model, segment, golden["phones"][0])
        checks += close_audio(subject, segment.name, audio, golden[segment.name])
    checks += _check_stages(model, golden, segments[0].style)
    return checks + _check_batch(model, golden, segments)


def _segments(model: SoVITS, golden: Golden) -> list[Segment]:
    references = [golden["refer_spec"], golden["refer_spec_b"]]
    speakers = [golden["sv_emb"], golden["sv_emb_b"]] if model.config.is_pro else []
    codes, one = golden["codes"][0, 0], model.style.encode(references[:1], speakers[:1])
    return [
        Segment("audio", codes, one),
        Segment("audio_2refs_25", codes[:_SHORT_CODES], model.style.encode(references, speakers)),
        Segment("audio_speed125_25", codes[:_SHORT_CODES], one, _FAST),
    ]


def _alone(model: SoVITS, segment: Segment, phones: Tensor) -> Tensor:
    noise = torch.zeros(1, model.config.latent_channels, segment.frames)
    return model.decode(segment.codes, phones, segment.style, noise, 0.0, segment.speed)


@torch.inference_mode()
def _check_stages(model: SoVITS, golden: Golden, style: Style) -> list[Check]:
    subject, codes, phones = model.config.version, golden["codes"][0], golden["phones"]
    vector = model.style.vector(golden["refer_spec"], golden.get("sv_emb"))
    prior = model.prior(codes, _lengths(codes), phones, _lengths(phones), style)
    latents = model.latents(prior, torch.zeros_like(prior.mean), 0.0, style)
    whole = model.generator(latents, style.audio)[0].float()
    starts = range(0, latents.shape[2], _WINDOW_FRAMES)
    windows = [run_window(model.generator, latents, style.audio, start, _WINDOW_FRAMES) for start in starts]
    joined = torch.cat(windows, dim=1)[0].float()
    return [
        close_tensor(subject, "ge_ref_enc", vector, golden["ge_ref_enc"]),
        close_tensor(subject, "m_p", prior.mean, golden["m_p"]),
        close_tensor(subject, "logs_p", prior.log_scale, golden["logs_p"]),
        close_tensor(subject, "z", latents, golden["z"]),
        *close_audio(f"{subject}, windows joined", "audio of the whole", joined, whole, WINDOW_BAR),
    ]


@torch.inference_mode()
def _check_batch(model: SoVITS, golden: Golden, segments: list[Segment]) -> list[Check]:
    """Run all segments as rows of one batch, padded to the longest in every stage."""
    codes = pad_sequence([segment.codes for segment in segments], batch_first=True)
    code_lengths = torch.tensor([len(segment.codes) for segment in segments])
    phones = golden["phones"].expand(len(segments), -1)
    style = Style(
        audio=torch.cat([segment.style.audio for segment in segments]),
        text=torch.cat([segment.style.text for segment in segments]),
    )
    frames = torch.tensor([segment.frames for segment in segments])
    prior = model.prior(codes, code_lengths, phones, _lengths(phones), style, frames, int(frames.max()))
    latents = model.latents(prior, torch.zeros_like(prior.mean), 0.0, style)
    audio = model.generator(latents, style.audio, prior.mask).float()
    checks = []
    for row, segment in enumerate(segments):
        expected = golden[segment.name]
        checks += close_audio(
            f"{model.config.version}, batched", segment.name, audio[row, : len(expected)], expected
        )
    return checks


def _lengths(rows: Tensor) -> Tensor:
    return torch.full((len(rows),), rows.shape[1])
