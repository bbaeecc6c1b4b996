"""Everything that one GPT-SoVITS model speaks and listens with, loaded once and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from tts_core.frontend.protocol import Readings
from tts_core.models.gpt_sovits.checkpoint import Checkpoint, symbol_table
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.features import PhoneFeatures, SpeechFeatures
from tts_core.models.gpt_sovits.fingerprint import Fingerprint
from tts_core.models.gpt_sovits.model_files import ModelFiles, naming, read_model_files
from tts_core.models.gpt_sovits.packed import can_pack, pack_sovits, pack_t2s, release_unused_memory
from tts_core.models.gpt_sovits.readings import adopt_readings
from tts_core.models.gpt_sovits.shared_features import shared_phone_features, shared_speech_features
from tts_core.models.gpt_sovits.sovits import SoVITS, build_sovits
from tts_core.models.gpt_sovits.speaker import SpeakerEncoder, build_speaker_encoder
from tts_core.models.gpt_sovits.t2s import T2S, build_t2s
from tts_core.models.gpt_sovits.weights import WeightsPaths


@dataclass(frozen=True)
class LoadedModel:
    """A model, ready to speak.

    Attributes:
        name: what requests name it by.
        version: "v1", "v2", "v2Pro" or "v2ProPlus".
        weights: a hash of all weights, and of how texts are read; equal ones sound alike.
        fingerprint: a hash of that, and of their precision and whether they are packed; equal ones compute
            alike.
        t2s, sovits: the two checkpoints.
        speech_features: HuBERT, for references; one for all models of a process that read the same folder.
            It and BERT may be left for when they are first needed.
        phone_features: BERT, for Chinese, shared likewise; None where it was left out to save its memory.
        speaker_encoder: for references of the Pro versions; None in the others.
        dtype, device: precision and place of all of them; the semantic codebook stays float32.
        readings: how texts and references' texts are read.
    """

    name: str
    version: str
    weights: str
    fingerprint: str
    t2s: T2S = field(repr=False)
    sovits: SoVITS = field(repr=False)
    speech_features: SpeechFeatures = field(repr=False)
    phone_features: PhoneFeatures | None = field(repr=False)
    speaker_encoder: SpeakerEncoder | None = field(repr=False)
    dtype: torch.dtype
    device: torch.device
    readings: Readings = "natural"

    @property
    def sample_rate_hz(self) -> int:
        return self.sovits.config.sample_rate_hz

    @property
    def loading_for_s(self) -> float:
        """How long a side model that was left for later has been loading by now; 0.0 where none is."""
        side_models = (self.speech_features, self.phone_features)
        return max(one.loading_for_s for one in side_models if one is not None)

    @property
    def symbols(self) -> str:
        """The symbol table that its phones are ids of: "v1" or "v2"."""
        return symbol_table(self.version)


def load_model(
    paths: WeightsPaths,
    name: str,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    *,
    with_phone_features: bool = True,
    side_models_at_once: bool = True,
    readings: Readings = "natural",
) -> LoadedModel:
    """Load a version's weights. The version is told from the tensors, not from names.

    Args:
        paths: see `locate_weights`.
        name: what requests will name it by.
        dtype: float32, bfloat16 or float16.
        device: where to compute.
        with_phone_features: whether to load BERT, without which no Chinese is spoken.
        side_models_at_once: whether to load HuBERT and BERT now, or when they are first needed.
        readings: see `phonemize`.

    Raises:
        MissingWeights: a file is missing.
        InvalidCheckpoint: a file is damaged, foreign or doesn't fit the others; names the file.
        MissingDependency: a package is missing.
        InvalidConfig: this process reads Chinese otherwise, for weights of another folder.
    """
    place = torch.device(device)
    model = _load(paths, name, dtype, place, with_phone_features, side_models_at_once, readings)
    release_unused_memory()
    return model


def _load(
    paths: WeightsPaths,
    name: str,
    dtype: torch.dtype,
    device: torch.device,
    with_phone_features: bool,
    at_once: bool,
    readings: Readings,
) -> LoadedModel:
    packed = can_pack(dtype, device)
    g2pw = adopt_readings(paths) if with_phone_features else None
    files = read_model_files(paths)
    fingerprint = _fingerprint(files, paths, with_phone_features, g2pw, readings)
    weights = fingerprint.hexdigest()
    fingerprint.add_value("dtype", str(dtype))
    fingerprint.add_value("weights", "packed" if packed else "plain")
    return LoadedModel(
        name=name,
        version=files.sovits.version,
        weights=weights,
        fingerprint=fingerprint.hexdigest(),
        t2s=naming(paths.t2s, lambda: _t2s(files.t2s, dtype, device, packed)),
        sovits=naming(paths.sovits, lambda: _sovits(files.sovits, dtype, device, packed)),
        speech_features=shared_speech_features(paths.hubert, dtype, device, at_once=at_once),
        phone_features=shared_phone_features(paths.bert, dtype, device, at_once=at_once)
        if with_phone_features
        else None,
        speaker_encoder=None
        if files.speaker_path is None
        else naming(
            files.speaker_path, lambda: build_speaker_encoder(files.speaker, dtype=dtype, device=device)
        ),
        dtype=dtype,
        device=device,
        readings=readings,
    )


def _t2s(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str, packed: bool) -> T2S:
    model = build_t2s(checkpoint.tensors, T2SConfig.from_checkpoint(checkpoint.config), dtype, device)
    if packed:
        pack_t2s(model)
    return model


def _sovits(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device | str, packed: bool) -> SoVITS:
    config = SoVITSConfig.from_checkpoint(checkpoint.config, checkpoint.version)
    model = build_sovits(checkpoint.tensors, config, dtype, device)
    if packed:
        pack_sovits(model)
    return model


def _fingerprint(
    files: ModelFiles,
    paths: WeightsPaths,
    with_phone_features: bool,
    g2pw: str | None,
    readings: Readings,
) -> Fingerprint:
    fingerprint = Fingerprint()
    fingerprint.add_value("version", files.sovits.version)
    tables = {"t2s": files.t2s.tensors, "sovits": files.sovits.tensors, "speaker": files.speaker}
    for kind, tensors in tables.items():
        fingerprint.add_tensors(kind, tensors)
    fingerprint.add_folder("hubert", paths.hubert)
    if with_phone_features:
        fingerprint.add_folder("bert", paths.bert)
    if g2pw is not None:
        fingerprint.add_value("g2pw", g2pw)
    if readings != "natural":
        fingerprint.add_value("readings", readings)
    return fingerprint
