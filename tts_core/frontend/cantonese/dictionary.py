"""The ToJyutping dictionary, and words of speech that it lacks or reads as books do."""

from __future__ import annotations

import ToJyutping  # type: ignore[import-untyped, unused-ignore]

_WORDS = {
    "傾咗偈": "king1 zo2 gai2",
    "傾緊偈": "king1 gan2 gai2",
    "傾下偈": "king1 haa5 gai2",
    "傾吓偈": "king1 haa5 gai2",
    "傾過偈": "king1 gwo3 gai2",
    # 返 is faan1 where people come home, faan2 in the words of books.
    "返": "faan1",
    "返回": "faan2 wui4",
    "返還": "faan2 waan4",
    "返还": "faan2 waan4",
    "返老還童": "faan2 lou5 waan4 tung4",
    "往返": "wong5 faan2",
    "重返": "cung4 faan2",
    "行長": "hong4 zoeng2",
    "行长": "hong4 zoeng2",
    "行長途": "haang4 coeng4 tou4",
}
_READER = ToJyutping.customize(_WORDS)


def jyutping_of(text: str) -> list[tuple[str, str | None]]:
    """Return each character of `text` with its syllable in Jyutping; None where it has none."""
    found: list[tuple[str, str | None]] = _READER.get_jyutping_list(text)
    return found
