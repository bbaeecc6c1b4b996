"""Small models of the real form, and voices for them to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tests.support.threads import one_thread
from tests.unit.voices.samples import TEXT, encode, encode_with_libav, speech
from tts_core.models.gpt_sovits.checkpoint import read_checkpoint, read_state_dict
from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.features import load_phone_features, load_speech_features
from tts_core.models.gpt_sovits.prompt import PromptEncoders, PromptFeatures, compute_prompt
from tts_core.models.gpt_sovits.sovits import build_sovits
from tts_core.models.gpt_sovits.speaker import build_speaker_encoder
from tts_core.models.gpt_sovits.weights import WeightsPaths
from tts_core.voices import Upload, Voice, VoiceStore

LoadEncoders = Callable[[str], PromptEncoders]
Computed = Callable[[Voice, VoiceStore, PromptEncoders], PromptFeatures]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def load_encoders(tmp_path_factory: pytest.TempPathFactory) -> LoadEncoders:
    """Return a version's encoders, made once."""
    made: dict[str, PromptEncoders] = {}

    def load(version: str) -> PromptEncoders:
        if version not in made:
            folder = tmp_path_factory.mktemp(version)
            made[version] = _load(make_checkpoint(version, folder, tiny=True))
        return made[version]

    return load


def _load(paths: WeightsPaths) -> PromptEncoders:
    checkpoint = read_checkpoint(paths.sovits)
    config = SoVITSConfig.from_checkpoint(checkpoint.config, checkpoint.version)
    return PromptEncoders(
        config=config,
        speech=load_speech_features(paths.hubert, torch.float32, "cpu"),
        codebook=build_sovits(checkpoint.tensors, config).codebook,
        phones=load_phone_features(paths.bert, torch.float32, "cpu"),
        speaker=build_speaker_encoder(read_state_dict(paths.speaker)) if paths.speaker else None,
    )


@pytest.fixture(scope="session")
def computed() -> Computed:
    """Return what models make of a voice, computed once: most tests ask about the same one."""
    made: dict[tuple[Voice, str], PromptFeatures] = {}

    def compute(voice: Voice, store: VoiceStore, encoders: PromptEncoders) -> PromptFeatures:
        known = voice, encoders.fingerprint
        if known not in made:
            made[known] = compute_prompt(voice, store, encoders)
        return made[known]

    return compute


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "voices")


@pytest.fixture
def voice(store: VoiceStore) -> Voice:
    """An English voice at 44.1 kHz in stereo, with an extra reference from a browser."""
    mono = speech(44_100, 3.0)
    reference = Upload("me.wav", encode(torch.from_numpy(mono)[:, None].repeat(1, 2).numpy(), 44_100))
    extra = Upload("more.webm", encode_with_libav(speech(48_000, 1.5), 48_000, "webm", "libopus"))
    return store.add("me", reference, TEXT.removesuffix("."), "en", extras=[extra])
