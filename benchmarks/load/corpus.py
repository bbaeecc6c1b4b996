"""The sentences that listeners ask for: a small set in several languages, or a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.load.settings import SettingsError

Length = Literal["short", "medium", "long"]


@dataclass(frozen=True)
class Sentence:
    """A text with its language as api_v2's `text_lang` names it."""

    text: str
    lang: str = "auto"
    length: Length = "medium"


_TEXTS: dict[str, tuple[str, str, str]] = {
    "en": (
        "The kettle is on.",
        "Leave the lamp by the window, and the boats will find the harbour before the tide turns.",
        "When the last tram had gone, the square belonged to the street sweepers and the pigeons. "
        "A baker pushed his door open with one shoulder, and warm air rolled over the pavement. "
        "Somewhere above, a violin tried the same four bars again, a little slower, and this time it smiled.",
    ),
    "zh": (
        "水开了。",
        "把灯放在窗边,潮水退去之前,小船就能找到港口。",
        "末班电车开走以后,广场上只剩下扫街的人和鸽子。面包师用肩膀推开店门,暖暖的香气漫过人行道。"
        "楼上有人在拉小提琴,同样的四个小节又来了一遍,这一次慢了些,也温柔了些。",
    ),
    "ja": (
        "お湯が沸きました。",
        "窓辺にランプを置いておけば、潮が変わる前に舟は港を見つけるでしょう。",
        "最終電車が出たあと、広場に残ったのは掃除の人と鳩だけでした。パン屋が肩で扉を押すと、温かい空気が歩道に流れ出します。"
        "上の階では誰かがバイオリンで同じ四小節をもう一度、今度は少しゆっくり弾きました。",
    ),
    "ko": (
        "물이 끓었어요.",
        "창가에 등불을 놓아두면 물때가 바뀌기 전에 배들이 항구를 찾을 거예요.",
        "막차가 떠난 뒤 광장에는 청소부와 비둘기만 남았습니다. "
        "빵집 주인이 어깨로 문을 밀자 따뜻한 공기가 길 위로 퍼졌습니다. "
        "위층에서는 누군가 바이올린으로 같은 네 마디를 다시, 이번에는 조금 더 천천히 켰습니다.",
    ),
    "de": (
        "Das Wasser kocht.",
        "Stell die Lampe ans Fenster, dann finden die Boote den Hafen, bevor die Flut umschlägt.",
        "Als die letzte Straßenbahn fort war, gehörte der Platz den Straßenkehrern und den Tauben. "
        "Ein Bäcker drückte die Tür mit der Schulter auf, und warme Luft zog über das Pflaster. "
        "Oben probierte eine Geige noch einmal dieselben vier Takte, etwas langsamer, fast heiter.",
    ),
    "fr": (
        "L'eau est chaude.",
        "Laisse la lampe près de la fenêtre, et les bateaux trouveront le port avant la marée.",
        "Une fois le dernier tramway parti, la place revenait aux balayeurs et aux pigeons. "
        "Un boulanger poussa sa porte de l'épaule, et l'air chaud roula sur le trottoir. "
        "Plus haut, un violon reprit les quatre mêmes mesures, un peu plus lentement, presque en souriant.",
    ),
    "es": (
        "Ya hierve el agua.",
        "Deja la lámpara junto a la ventana y las barcas hallarán el puerto antes de que cambie la marea.",
        "Cuando se fue el último tranvía, la plaza quedó para los barrenderos y las palomas. "
        "Un panadero empujó la puerta con el hombro y el aire tibio rodó por la acera. "
        "Arriba, un violín repitió los mismos cuatro compases, algo más despacio, y esta vez sonrió.",
    ),
}
_LENGTHS: tuple[Length, ...] = ("short", "medium", "long")
DEFAULT_SENTENCES = tuple(
    Sentence(text, lang, length)
    for lang, texts in _TEXTS.items()
    for length, text in zip(_LENGTHS, texts, strict=True)
)


def pick_sentences(langs: Collection[str], lengths: Collection[str]) -> list[Sentence]:
    """Return the built-in sentences of these languages and lengths; an empty collection means all.

    Raises:
        SettingsError: nothing is left.
    """
    picked = [
        s
        for s in DEFAULT_SENTENCES
        if (not langs or s.lang in langs) and (not lengths or s.length in lengths)
    ]
    if not picked:
        choices = f"languages: {', '.join(_TEXTS)}; lengths: {', '.join(_LENGTHS)}"
        raise SettingsError(f"no built-in sentence is left to choose from; {choices}")
    return picked


def read_sentences(path: Path, lang: str) -> list[Sentence]:
    """Read one sentence per line, skipping blank lines.

    Raises:
        SettingsError: the file can't be read as UTF-8 text, or holds no sentence.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"can't read {path}: {error}") from error
    sentences = [Sentence(line.strip(), lang) for line in lines if line.strip()]
    if not sentences:
        raise SettingsError(f"{path} holds no sentence")
    return sentences
