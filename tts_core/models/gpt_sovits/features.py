"""Features from the two pretrained side models: HuBERT for the reference's tokens, BERT for Chinese phones.

`transformers` is imported only when a model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts_core.errors import InvalidCheckpoint, MissingDependency, MissingWeights
from tts_core.models.gpt_sovits.packed import can_pack, pack_layers, release_unused_memory
from tts_core.models.gpt_sovits.sovits.codebook import SemanticCodebook

SPEECH_RATE_HZ = 16_000
TRAILING_SILENCE_SAMPLES = 9_600
"""Meant as 0.3 s at 32 kHz, but appended at 16 kHz by the reference, so prompts are made with 0.6 s."""

_SKIPPED_BERT_LAYERS = 2


class SpeechFeatures:
    """HuBERT's last hidden state of a recording, for the semantic codebook."""

    def __init__(self, hubert: nn.Module) -> None:
        self.hubert = hubert

    @torch.inference_mode()
    def __call__(self, recording: Tensor) -> Tensor:
        """Return (1, channels, frames), 50 frames a second, for mono samples (samples,) at 16 kHz.

        The recording is not normalised; silence is appended.
        """
        padded = torch.nn.functional.pad(recording, (0, TRAILING_SILENCE_SAMPLES))
        parameter = next(self.hubert.parameters())
        hidden: Tensor = self.hubert(padded[None].to(parameter.device, parameter.dtype)).last_hidden_state
        release_unused_memory()  # ten seconds take 200 MB on their way through the first convolutions
        return hidden.transpose(1, 2)

    def tokens(self, recording: Tensor, codebook: SemanticCodebook) -> Tensor:
        """Return the recording's semantic tokens (frames // 2,), a voice's prompt."""
        return codebook.encode(self(recording))[0]


class PhoneFeatures:
    """BERT's third hidden state from the end, one row for each phone."""

    def __init__(self, bert: nn.Module, tokenizer: Any) -> None:
        self.bert = bert
        self.tokenizer = tokenizer

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
        device = next(self.bert.parameters()).device
        # Character by character: word pieces would break the alignment wherever Latin letters are left.
        middle = self.tokenizer.convert_tokens_to_ids(list(text.lower()))
        ids = [self.tokenizer.cls_token_id, *middle, self.tokenizer.sep_token_id]
        hidden: Tensor = self.bert(torch.tensor([ids], device=device)).last_hidden_state
        counts = torch.tensor(phones_per_character, device=device)
        return hidden[0, 1:-1].repeat_interleave(counts, dim=0)


def load_speech_features(folder: Path, dtype: torch.dtype, device: torch.device | str) -> SpeechFeatures:
    """Load HuBERT from a folder of the model hub's form (`chinese-hubert-base`).

    Raises:
        MissingDependency: transformers is not installed.
        MissingWeights: there is no such folder.
        InvalidCheckpoint: the folder's weights don't fit its config.
    """
    transformers = _import_transformers()
    # Training alone masks frames, so a checkpoint may come without the embedding that stands for them.
    hubert = _load(transformers.HubertModel, folder, dtype, optional=("masked_spec_embed",))
    return SpeechFeatures(_ready(hubert, dtype, device))


def load_phone_features(folder: Path, dtype: torch.dtype, device: torch.device | str) -> PhoneFeatures:
    """Load BERT from a folder of the model hub's form (`chinese-roberta-wwm-ext-large`).

    Its last two layers are dropped: the features are taken before them.

    Raises:
        MissingDependency, MissingWeights, InvalidCheckpoint: as for `load_speech_features`.
    """
    transformers = _import_transformers()
    bert = _load(transformers.BertModel, folder, dtype, add_pooling_layer=False)
    bert.encoder.layer = bert.encoder.layer[:-_SKIPPED_BERT_LAYERS]
    tokenizer = transformers.BertTokenizerFast.from_pretrained(folder, local_files_only=True)
    return PhoneFeatures(_ready(bert, dtype, device), tokenizer)


def _ready(model: nn.Module, dtype: torch.dtype, device: torch.device | str) -> nn.Module:
    model.to(device).eval().requires_grad_(requires_grad=False)
    if can_pack(dtype, device):
        pack_layers(model)
    return model


def _import_transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingDependency("GPT-SoVITS needs transformers: pip install 'polyvox[neural]'") from error
    # Its bars and reports would fill the log; what matters of them is checked in `_load`.
    log: Any = transformers.utils.logging
    log.disable_progress_bar()
    log.set_verbosity_error()
    return transformers


def _load(kind: Any, folder: Path, dtype: torch.dtype, optional: tuple[str, ...] = (), **options: Any) -> Any:
    if not (folder / "config.json").is_file():
        raise MissingWeights(f"Expected a model with its config.json in {folder}; found none.")
    try:
        model, report = kind.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True, **options
        )
    except Exception as error:  # each of its file formats has its own errors
        raise InvalidCheckpoint(f"The model in {folder} can't be read: {error}") from error
    missing = sorted(set(report["missing_keys"]) - set(optional))
    if missing or report["mismatched_keys"]:
        raise InvalidCheckpoint(
            f"{kind.__name__} needs {missing or report['mismatched_keys']}; the model in {folder} lacks it."
        )
    return model
