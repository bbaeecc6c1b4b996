"""Whether a T2S and a SoVITS checkpoint speak together."""

from __future__ import annotations

from tts_core.errors import InvalidCheckpoint
from tts_core.models.gpt_sovits.checkpoint.catalogue import refusal
from tts_core.models.gpt_sovits.checkpoint.reading import Checkpoint

_NUM_END_TOKENS = 1
_T2S_TOKENS = "model.ar_audio_embedding.word_embeddings.weight"
_CODEBOOK = "quantizer.vq.layers.0._codebook.embed"


def check_pair(t2s: Checkpoint, sovits: Checkpoint) -> None:
    """Check that both models use the same phones and the same semantic tokens.

    Raises:
        InvalidCheckpoint: they do not; the message names both files and what each of them is.
    """
    if (t2s.kind, sovits.kind) != ("t2s", "sovits"):
        raise _mismatch(t2s, sovits, "a T2S file and a SoVITS file, in this order")
    if t2s.version != symbol_table(sovits.version):
        raise _mismatch(t2s, sovits, "one symbol table (v1, or that of v2, v2Pro and v2ProPlus) in both")
    num_tokens, num_codes = _num_rows(t2s, _T2S_TOKENS), _num_rows(sovits, _CODEBOOK)
    if num_tokens != num_codes + _NUM_END_TOKENS:
        raise _mismatch(
            t2s, sovits, f"as many tokens as codes and one for the end ({num_tokens}, {num_codes})"
        )


def _num_rows(checkpoint: Checkpoint, key: str) -> int:
    if key not in checkpoint.tensors:
        raise refusal(checkpoint.path, f"a {checkpoint.kind} checkpoint with {key}", "none")
    return checkpoint.tensors[key].shape[0]


def symbol_table(version: str) -> str:
    """Return the symbol table, "v1" or "v2", of a version."""
    return "v1" if version == "v1" else "v2"


def _mismatch(t2s: Checkpoint, sovits: Checkpoint, expected: str) -> InvalidCheckpoint:
    found = " and ".join(f"{one.path} ({one.kind} {one.version})" for one in (t2s, sovits))
    return InvalidCheckpoint(
        f"These don't speak together: expected {expected}, found {found}.", param=str(sovits.path)
    )
