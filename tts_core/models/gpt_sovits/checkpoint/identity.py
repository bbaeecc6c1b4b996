"""Which model and which version a checkpoint holds, told from its tensors.

File names, sizes and headers mislead: users rename files, and the two-byte header is only on some of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tts_core.models.gpt_sovits.checkpoint.catalogue import Catalogue, refusal

Kind = Literal["t2s", "sovits"]

LATER_VERSIONS = ("v3", "v4")
"""Known, but not yet spoken: their SoVITS is a flow-matching model with a vocoder of its own."""

_T2S_PHONES = "model.ar_text_embedding.word_embeddings.weight"
_SOVITS_PHONES = "enc_p.text_embedding.weight"
_FIRST_UPSAMPLING = "dec.ups.0.weight_v"
_T2S_VERSIONS = {512: "v1", 732: "v2"}
_SOVITS_VERSIONS = {322: "v1", 732: "v2"}
_LATER_PREFIXES = ("cfm.", "bridge.", "wns1.", "linear_mel.")
_PLUS_KERNEL = 20
"""v2ProPlus widens the first upsampling's kernel from 16 to 20."""
_EXPECTED = "a GPT-SoVITS T2S or SoVITS checkpoint"


@dataclass(frozen=True)
class Identity:
    """A model and its version.

    Attributes:
        kind: "t2s" (an s1 file) or "sovits" (an s2G file).
        version: of T2S the symbol table, "v1" or "v2" (which v2Pro and v2ProPlus share); of SoVITS "v1",
            "v2", "v2Pro" or "v2ProPlus", or one of the later ones.
        is_lora: whether the file holds only a LoRA's difference to a base model.
    """

    kind: Kind
    version: str
    is_lora: bool = False

    @property
    def is_supported(self) -> bool:
        return not self.is_lora and not self.version.startswith(LATER_VERSIONS)

    def __str__(self) -> str:
        name = {"t2s": "T2S", "sovits": "SoVITS"}[self.kind]
        return f"{name} {self.version}{' LoRA' if self.is_lora else ''}"


def identify(catalogue: Catalogue) -> Identity:
    """Tell what a checkpoint holds, later versions included.

    Raises:
        InvalidCheckpoint: it is neither T2S nor SoVITS, or of sizes that no version has.
    """
    if catalogue.is_lora or _has_prefix(catalogue.tensors, _LATER_PREFIXES):
        return Identity("sovits", _later_version(catalogue), catalogue.is_lora)
    if _T2S_PHONES in catalogue.tensors:
        return Identity("t2s", _by_rows(catalogue, _T2S_PHONES, _T2S_VERSIONS))
    if _SOVITS_PHONES in catalogue.tensors:
        return Identity("sovits", _sovits_version(catalogue))
    raise refusal(catalogue.path, _EXPECTED, _describe_foreign(catalogue))


def _sovits_version(catalogue: Catalogue) -> str:
    symbols = _by_rows(catalogue, _SOVITS_PHONES, _SOVITS_VERSIONS)
    if "sv_emb.weight" not in catalogue.tensors:
        return symbols
    upsampling = catalogue.tensors.get(_FIRST_UPSAMPLING)
    if upsampling is None or len(upsampling.shape) != 3:
        raise refusal(catalogue.path, f"SoVITS with {_FIRST_UPSAMPLING} of three dimensions", str(upsampling))
    return "v2ProPlus" if upsampling.shape[2] == _PLUS_KERNEL else "v2Pro"


def _by_rows(catalogue: Catalogue, key: str, versions: dict[int, str]) -> str:
    shape = catalogue.tensors[key].shape
    version = versions.get(shape[0]) if shape else None
    if version is None:
        known = " or ".join(f"{rows} ({name})" for rows, name in versions.items())
        raise refusal(catalogue.path, f"{key} of {known} phones", f"shape {shape}")
    return version


def _later_version(catalogue: Catalogue) -> str:
    """v3 and v4 share their tensors' names and shapes; only the header and the config tell them apart."""
    section = catalogue.config.get("model")
    configured = section.get("version") if isinstance(section, dict) else None
    claims = (str(catalogue.header or ""), str(configured or catalogue.config.get("version") or ""))
    for claim in claims:
        if claim.startswith(LATER_VERSIONS):
            return claim[:2]
    return "v3 or v4"


def _has_prefix(keys: Iterable[str], prefixes: tuple[str, ...]) -> bool:
    return any(key.startswith(prefixes) for key in keys)


def _describe_foreign(catalogue: Catalogue) -> str:
    if _has_prefix(catalogue.tensors, ("discriminators.",)):
        return "a SoVITS discriminator (s2D, used in training alone; the generator is the s2G file)"
    names = ", ".join(list(catalogue.tensors)[:3])
    return f"tensors of another model ({names})" if names else "no tensors"
