"""Features from the two pretrained side models: HuBERT for the reference's tokens, BERT for Chinese phones.

`transformers` is imported only when a model is loaded: that alone takes seconds of a core. So they can be
left for the first listener who needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.lazily import Lazily
from tts_core.models.gpt_sovits.packed import can_pack, pack_layers, release_unused_memory
from tts_core.models.gpt_sovits.side_files import SideFiles, look_at
from tts_core.models.gpt_sovits.sovits.codebook import SemanticCodebook

SPEECH_RATE_HZ = 16_000
TRAILING_SILENCE_SAMPLES = 9_600
"""Meant as 0.3 s at 32 kHz, but appended at 16 kHz by the reference, so prompts are made with 0.6 s."""

_SKIPPED_BERT_LAYERS = 2


class SpeechFeatures:
    """HuBERT's last hidden state of a recording, for the semantic codebook.

    Attributes:
        files: what it is made of.
    """

    def __init__(self, hubert: Lazily[nn.Module], files: SideFiles) -> None:
        self._hubert, self.files = hubert, files

    @property
    def hubert(self) -> nn.Module:
        """The model. Raises StillLoading where it was left for later."""
        return self._hubert.get()

    @property
    def is_loaded(self) -> bool:
        return self._hubert.is_loaded

    @property
    def loading_for_s(self) -> float:
        return self._hubert.loading_for_s

    def require(self) -> None:
        """Return if it is loaded, before anything is done that would be for nothing. Raises StillLoading."""
        self._hubert.get()

    @torch.inference_mode()
    def __call__(self, recording: Tensor) -> Tensor:
        """Return (1, channels, frames), 50 frames a second, for mono samples (samples,) at 16 kHz.

        The recording is not normalised; silence is appended.
        """
        hubert = self.hubert
        padded = torch.nn.functional.pad(recording, (0, TRAILING_SILENCE_SAMPLES))
        parameter = next(hubert.parameters())
        hidden: Tensor = hubert(padded[None].to(parameter.device, parameter.dtype)).last_hidden_state
        release_unused_memory()  # ten seconds take 200 MB on their way through the first convolutions
        return hidden.transpose(1, 2)

    def tokens(self, recording: Tensor, codebook: SemanticCodebook) -> Tensor:
        """Return the recording's semantic tokens (frames // 2,), a voice's prompt."""
        return codebook.encode(self(recording))[0]


@dataclass(frozen=True)
class Bert:
    """BERT and its vocabulary."""

    model: nn.Module
    tokenizer: Any


class PhoneFeatures:
    """BERT's third hidden state from the end, one row for each phone.

    Attributes:
        files: what it is made of.
    """

    def __init__(self, bert: Lazily[Bert], files: SideFiles) -> None:
        self._bert, self.files = bert, files

    @property
    def bert(self) -> nn.Module:
        """The model. Raises StillLoading where it was left for later."""
        return self._bert.get().model

    @property
    def is_loaded(self) -> bool:
        return self._bert.is_loaded

    @property
    def loading_for_s(self) -> float:
        return self._bert.loading_for_s

    @torch.inference_mode()
    def __call__(self, text: str, phones_per_character: Sequence[int]) -> Tensor:
        """Return (phones, channels): each character's feature, as often as it has phones.

        Args:
            text: normalised text, one token for each character.
            phones_per_character: as long as `text`.

        Raises:
            ValueError: the lengths differ.
        """
        if len(text) != len(phones_per_character):
            raise ValueError(f"Expected {len(text)} phone counts; found {len(phones_per_character)}.")
        bert = self._bert.get()
        model, tokenizer = bert.model, bert.tokenizer
        device = next(model.parameters()).device
        # Character by character: word pieces would break the alignment wherever Latin letters are left.
        middle = tokenizer.convert_tokens_to_ids(list(text.lower()))
        ids = [tokenizer.cls_token_id, *middle, tokenizer.sep_token_id]
        hidden: Tensor = model(torch.tensor([ids], device=device)).last_hidden_state
        counts = torch.tensor(phones_per_character, device=device)
        # A GPU that is told how many there will be needn't be asked.
        return hidden[0, 1:-1].repeat_interleave(counts, dim=0, output_size=sum(phones_per_character))


def load_speech_features(
    folder: Path, dtype: torch.dtype, device: torch.device | str, *, at_once: bool = True
) -> SpeechFeatures:
    """Load HuBERT from a folder of the model hub's form (`chinese-hubert-base`).

    Args:
        at_once: or when it is first needed; what is missing is missing at once all the same.

    Raises:
        MissingDependency: transformers is not installed.
        MissingWeights: there is no such folder.
        InvalidCheckpoint: the folder's weights don't fit its config.
    """
    files = look_at(folder, dtype, device)
    hubert = Lazily(lambda: _hubert(files, device), "HuBERT")
    _begin(hubert, files, at_once=at_once)
    return SpeechFeatures(hubert, files)


def load_phone_features(
    folder: Path, dtype: torch.dtype, device: torch.device | str, *, at_once: bool = True
) -> PhoneFeatures:
    """Load BERT from a folder of the model hub's form (`chinese-roberta-wwm-ext-large`).

    Its last two layers are dropped: the features are taken before them.

    Raises:
        MissingDependency, MissingWeights, InvalidCheckpoint: as for `load_speech_features`.
    """
    files = look_at(folder, dtype, device)
    bert = Lazily(lambda: _bert(files, device), "BERT")
    _begin(bert, files, at_once=at_once)
    return PhoneFeatures(bert, files)


def _begin(model: Lazily[Any], files: SideFiles, *, at_once: bool) -> None:
    """Load a model now, or see that it can be read later."""
    if at_once:
        model.load()
    else:
        files.check_readable()


def _hubert(files: SideFiles, device: torch.device | str) -> nn.Module:
    transformers = _import_transformers()
    # Training alone masks frames, so a checkpoint may come without the embedding that stands for them.
    hubert = _load(transformers.HubertModel, files, optional=("masked_spec_embed",))
    return _ready(hubert, files, device)


def _bert(files: SideFiles, device: torch.device | str) -> Bert:
    transformers = _import_transformers()
    bert = _load(transformers.BertModel, files, add_pooling_layer=False)
    bert.encoder.layer = bert.encoder.layer[:-_SKIPPED_BERT_LAYERS]
    tokenizer = transformers.BertTokenizerFast.from_pretrained(files.folder, local_files_only=True)
    return Bert(_ready(bert, files, device), tokenizer)


def _ready(model: nn.Module, files: SideFiles, device: torch.device | str) -> nn.Module:
    files.check_unchanged()
    model.to(device).eval().requires_grad_(requires_grad=False)
    if can_pack(files.dtype, device):
        pack_layers(model)
    release_unused_memory()
    return model


def _import_transformers() -> Any:
    import transformers

    # Its bars and reports would fill the log; what matters of them is checked in `_load`.
    log: Any = transformers.utils.logging
    log.disable_progress_bar()
    log.set_verbosity_error()
    return transformers


def _load(kind: Any, files: SideFiles, optional: tuple[str, ...] = (), **options: Any) -> Any:
    folder = files.folder
    try:
        model, report = kind.from_pretrained(
            folder, dtype=files.dtype, local_files_only=True, output_loading_info=True, **options
        )
    except Exception as error:  # each of its file formats has its own errors
        raise InvalidCheckpoint(f"The model in {folder} can't be read: {error}") from error
    missing = sorted(set(report["missing_keys"]) - set(optional))
    if missing or report["mismatched_keys"]:
        raise InvalidCheckpoint(
            f"{kind.__name__} needs {missing or report['mismatched_keys']}; the model in {folder} lacks it."
        )
    return model
