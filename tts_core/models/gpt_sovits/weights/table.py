"""Which files of the model hub make a version speak, under the hub's own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tts_core.errors import InvalidConfig

HUB_REPOSITORY = "lj1995/GPT-SoVITS"

Version = Literal["v1", "v2", "v2Pro", "v2ProPlus"]
VERSIONS: tuple[Version, ...] = get_args(Version)

HUBERT_FOLDER = "chinese-hubert-base"
BERT_FOLDER = "chinese-roberta-wwm-ext-large"
SPEAKER_FILE = "sv/pretrained_eres2netv2w24s4ep4.ckpt"
TOKENIZER_NAME = "tokenizer.json"

G2PW = "g2pw"
"""What to pull for Chinese readings by context, beside a version."""
G2PW_REPOSITORY = "XXXXRT/GPT-SoVITS-Pretrained"
"""Where GPT-SoVITS's own installer gets it: the model is in none of the other repositories of the hub."""
G2PW_ARCHIVE = "G2PWModel.zip"
G2PW_FOLDER = "G2PWModel"
G2PW_FILES = (
    "g2pW.onnx",
    "config.py",
    "POLYPHONIC_CHARS.txt",
    "MONOPHONIC_CHARS.txt",
    "bopomofo_to_pinyin_wo_tune_dict.json",
)

_FOLDER_FILES = {
    HUBERT_FOLDER: ("config.json", "preprocessor_config.json", "pytorch_model.bin"),
    BERT_FOLDER: ("config.json", TOKENIZER_NAME, "pytorch_model.bin"),
}


@dataclass(frozen=True)
class WeightsLayout:
    """The files of one version, relative to a weights folder, as in the hub's repository."""

    version: Version
    t2s: str
    sovits: str
    speaker: str | None = None
    """The speaker encoder, which the Pro versions listen to a reference with."""

    @property
    def files(self) -> tuple[str, ...]:
        folders = (f"{folder}/{name}" for folder, names in _FOLDER_FILES.items() for name in names)
        speaker = (self.speaker,) if self.speaker else ()
        return (self.t2s, self.sovits, *speaker, *folders)


_LAYOUTS = {
    layout.version: layout
    for layout in (
        WeightsLayout(
            "v1",
            t2s="s1bert25hz-2kh-longer-epoch=68e-step=50232.ckpt",
            sovits="s2G488k.pth",
        ),
        WeightsLayout(
            "v2",
            t2s="gsv-v2final-pretrained/s1bert25hz-5kh-longer-epoch=12-step=369668.ckpt",
            sovits="gsv-v2final-pretrained/s2G2333k.pth",
        ),
        WeightsLayout("v2Pro", t2s="s1v3.ckpt", sovits="v2Pro/s2Gv2Pro.pth", speaker=SPEAKER_FILE),
        WeightsLayout("v2ProPlus", t2s="s1v3.ckpt", sovits="v2Pro/s2Gv2ProPlus.pth", speaker=SPEAKER_FILE),
    )
}


def weights_layout(version: str) -> WeightsLayout:
    """Return the files of a version.

    Raises:
        InvalidConfig: there is no such version, or it is not supported yet.
    """
    for layout in _LAYOUTS.values():
        if layout.version == version:
            return layout
    later = " (it is recognised, and comes later)" if version in ("v3", "v4") else ""
    raise InvalidConfig(
        f"version: expected one of {', '.join(VERSIONS)}, found {version!r}{later}.", param="version"
    )
