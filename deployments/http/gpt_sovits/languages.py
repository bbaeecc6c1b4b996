"""Languages as GPT-SoVITS's dialects spell them."""

from __future__ import annotations

_LABELS = {
    "中文": "all_zh",
    "英文": "en",
    "日文": "all_ja",
    "粤语": "all_yue",
    "韩文": "all_ko",
    "中英混合": "zh",
    "日英混合": "ja",
    "粤英混合": "yue",
    "韩英混合": "ko",
    "多语种混合": "auto",
    "多语种混合(粤语)": "auto_yue",
}
"""The labels of its web page, which api.py and GSVI take, too."""


def language_code(name: str) -> str:
    """Return the code that a label stands for; anything else in lower case."""
    name = name.strip().lower().replace("（", "(").replace("）", ")")
    return _LABELS.get(name, name)
