"""Units after a number."""

from __future__ import annotations

import re

_LENGTHS = {"km": "キロメートル", "cm": "センチメートル", "mm": "ミリメートル", "m": "メートル"}
_UNITS = {
    **_LENGTHS,
    "μm": "マイクロメートル",
    "nm": "ナノメートル",
    "kg": "キログラム",
    "mg": "ミリグラム",
    "g": "グラム",
    "t": "トン",
    "kL": "キロリットル",
    "kl": "キロリットル",
    "dL": "デシリットル",
    "dl": "デシリットル",
    "mL": "ミリリットル",
    "ml": "ミリリットル",
    "cc": "シーシー",
    "L": "リットル",
    "l": "リットル",
    "ha": "ヘクタール",
    "ms": "ミリ秒",
    "sec": "秒",
    "min": "分",
    "Hz": "ヘルツ",
    "kHz": "キロヘルツ",
    "MHz": "メガヘルツ",
    "GHz": "ギガヘルツ",
    "KB": "キロバイト",
    "kB": "キロバイト",
    "MB": "メガバイト",
    "GB": "ギガバイト",
    "TB": "テラバイト",
    "Mbps": "メガビーピーエス",
    "Gbps": "ギガビーピーエス",
    "bit": "ビット",
    "px": "ピクセル",
    "dB": "デシベル",
    "W": "ワット",
    "kW": "キロワット",
    "kWh": "キロワット時",
    "V": "ボルト",
    "mA": "ミリアンペア",
    "mAh": "ミリアンペアアワー",
    "cal": "カロリー",
    "kcal": "キロカロリー",
    "hPa": "ヘクトパスカル",
    "ppm": "ピーピーエム",
    "°C": "度",
    "km/h": "キロメートル毎時",
    "m/s": "メートル毎秒",
}
_POWERS = {"2": "平方", "3": "立方"}
_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_UNIT = re.compile(rf"(?<=\d) ?({_NAMES})(?![A-Za-z])")
# Open JTalk spells letters beside a digit as people say them (3D, MP3, 2LDK), but 5G is five grams to it.
LATIN = re.compile(
    rf"(?:(?<=\d)|(?<=\d ))(?:{_NAMES})(?![A-Za-z])|(?<=\d)(?![AGMTV](?![A-Za-z]))[A-Z]{{1,4}}(?![A-Za-z])"
    r"|(?<![A-Za-z-])[A-Za-z]{1,3}(?=\d)"
    # Thousands and millions of money: $20K, $1.5M.
    r"|(?:(?<=[$€£]\d)|(?<=[$€£]\d[\d.])|(?<=[$€£]\d[\d.]\d)|(?<=[$€£]\d{2}[\d.]\d))[KMB](?![A-Za-z])"
)
_POWER = re.compile(r"(?<=\d) ?(km|cm|mm|m)\^?([23])(?![A-Za-z0-9])")
_FAHRENHEIT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?°F")
_EXPONENT = re.compile(r"(?<=[0-9A-Za-z)])\^(\d+)")


def say_units(text: str) -> str:
    """Replace the units after numbers, areas and volumes too, and powers, by their names."""
    text = _FAHRENHEIT.sub(r"華氏\1度", text)
    text = _POWER.sub(lambda match: _POWERS[match[2]] + _LENGTHS[match[1]], text)
    text = _EXPONENT.sub(r"の\1乗", text)
    return _UNIT.sub(lambda match: _UNITS[match[1]], text)
