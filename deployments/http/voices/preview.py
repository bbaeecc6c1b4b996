"""What a voice says to be heard once.

A preview is synthesised: it tells what the voice will sound like, there is one for every voice, and the
recording itself, which is somebody's own, stays where it is.
"""

from __future__ import annotations

SEED = 1
"""Always the same: so are the bytes."""

_SENTENCES = {
    "cmn": "大家好,很高兴在这里和你说话。",
    "de": "Guten Tag, so klingt diese Stimme.",
    "en": "Hello, this is what this voice sounds like.",
    "es": "Hola, así suena esta voz.",
    "fr": "Bonjour, voici comment sonne cette voix.",
    "it": "Ciao, questa voce suona così.",
    "ja": "こんにちは、この声はこんなふうに聞こえます。",
    "ko": "안녕하세요, 이 목소리는 이렇게 들립니다.",
    "pt": "Olá, é assim que esta voz soa.",
    "ru": "Здравствуйте, так звучит этот голос.",
    "yue": "大家好,呢把聲聽落係咁樣嘅。",
    "zh": "大家好,很高兴在这里和你说话。",
}
_ANYWHERE = "1, 2, 3, 4, 5."


def preview_text(language: str) -> str:
    """Return a sentence in a voice's language; in those without one, numbers, which every language reads."""
    base = language.lower().removeprefix("all_").partition("-")[0].partition("_")[0]
    return _SENTENCES["en"] if base == "auto" else _SENTENCES.get(base, _ANYWHERE)
