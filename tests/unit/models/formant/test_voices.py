"""Which voice a pair of voice id and language names."""

from __future__ import annotations

import re

import pytest

from tts_core.errors import UnknownVoice, UnsupportedLanguage
from tts_core.models.formant.engine import FormantEngine
from tts_core.models.formant.espeak import VoiceFile
from tts_core.models.formant.voices import Catalogue, bcp47

FILES = (
    VoiceFile("sit/yue-Latn-jyutping", "Jyutping", ("yue", "zh-yue", "zh")),
    VoiceFile("sit/yue", "Cantonese", ("yue", "zh-yue", "zh")),
    VoiceFile("sit/cmn", "Mandarin", ("cmn", "zh-cmn", "zh")),
    VoiceFile("sit/cmn-Latn-pinyin", "Pinyin", ("cmn-latn-pinyin", "zh-cmn", "zh")),
    VoiceFile("gmw/en", "British", ("en-gb", "en")),
    VoiceFile("gmw/en-US", "American", ("en-us", "en")),
    VoiceFile("gmw/de", "German", ("de",)),
    VoiceFile("roa/fr", "French", ("fr-fr", "fr")),
    VoiceFile("roa/fr-BE", "Belgian", ("fr-be", "fr")),
    VoiceFile("roa/pt", "Portuguese", ("pt", "pt-pt")),
    VoiceFile("roa/pt-BR", "Brazilian", ("pt-br", "pt")),
    VoiceFile("jpx/ja", "Japanese", ("ja",)),
    VoiceFile("ko", "Korean", ("ko",)),
)
CATALOGUE = Catalogue(FILES, ("f3", "m1", "Alex", "Mr serious"))


@pytest.mark.parametrize(
    ("voice", "language", "name"),
    [
        ("en-us", None, "gmw/en-US"),
        ("EN_US", "auto", "gmw/en-US"),
        ("en", None, "gmw/en-US"),
        ("en-gb", "en", "gmw/en"),
        ("de+f3", "en", "gmw/en-US+f3"),
        ("de+alex", None, "gmw/de+Alex"),
        ("de+Mr serious", None, "gmw/de+Mr serious"),
        ("fr", None, "roa/fr"),
        ("fr-be", "fr", "roa/fr-BE"),
        ("fr-be", "fr-fr", "roa/fr"),
        ("pt-br+m1", "pt", "roa/pt-BR+m1"),
        ("pt-br", "pt-pt", "roa/pt"),
        ("zh", None, "sit/cmn"),
        ("en-us+f3", "zh", "sit/cmn+f3"),
        ("en-us", "all_zh", "sit/cmn"),
        ("en-us", "zh-CN", "sit/cmn"),
        ("yue", "zh", "sit/cmn"),
        ("cmn-latn-pinyin", "zh", "sit/cmn-Latn-pinyin"),
        ("en-us", "yue", "sit/yue"),
        ("en-us", "auto_yue", "sit/yue"),
        ("en-us", "all_yue", "sit/yue"),
        ("yue-latn-jyutping", None, "sit/yue-Latn-jyutping"),
        ("en-us", "all_ja", "jpx/ja"),
        ("en-us", "all_ko", "ko"),
        ("en-us", "", "gmw/en-US"),
    ],
)
def test_voice_and_language_resolve(voice: str, language: str | None, name: str) -> None:
    assert CATALOGUE.resolve(voice, language).library_name == name


def test_ids_are_unique_and_each_names_its_own_voice() -> None:
    infos = CATALOGUE.infos("formant")
    assert len({info.id for info in infos}) == len(FILES)
    for info in infos:
        assert CATALOGUE.resolve(info.id).name == info.name


@pytest.mark.parametrize(("voice", "hint"), [("en-uss", "en-us"), ("de+alx", "Alex")])
def test_unknown_voice_is_answered_with_near_ones(voice: str, hint: str) -> None:
    with pytest.raises(UnknownVoice, match=f"did you mean .*{hint}"):
        CATALOGUE.resolve(voice)


def test_unknown_language_is_an_error_and_not_the_voice_s_own() -> None:
    with pytest.raises(UnsupportedLanguage):
        CATALOGUE.resolve("en-us", "xx")


@pytest.mark.parametrize(
    ("voice", "text", "readable"),
    [
        ("ja", "こんにちは カタカナー 12", True),
        ("ja", "今日は", False),
        ("cmn", "今天", True),
        ("en-us", "今", True),
    ],
)
def test_japanese_is_read_in_kana_only(voice: str, text: str, readable: bool) -> None:
    resolved = CATALOGUE.resolve(voice)
    if readable:
        resolved.check_text(text)
    else:
        with pytest.raises(UnsupportedLanguage, match="kana"):
            resolved.check_text(text)


async def test_real_catalogue_has_well_formed_tags_and_no_mute_or_mbrola_voices(
    engine: FormantEngine,
) -> None:
    infos = engine.voices()
    ids = {info.id for info in infos}
    assert {"en-us", "en-gb", "fr-fr", "de", "cmn", "yue", "ja", "ko", "ru", "ar", "hi"} <= ids
    assert not ids & {"fo", "kaa", "xex"}
    assert len(engine.variants()) > 90
    # RFC 5646, as far as it is used here: language, script, region, variants, private use.
    shape = re.compile(
        "[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-[A-Z][a-z]{3})?(-[a-z0-9]{5,8})*(-x(-[a-z0-9]{1,8})+)?"
    )
    assert [info.language for info in infos if not shape.fullmatch(info.language)] == []


@pytest.mark.parametrize(
    ("voice", "tag"),
    [("en-us", "en-US"), ("yue-latn-jyutping", "yue-Latn-jyutping"), ("es-419", "es-419"), ("piqd", "tlh")],
)
def test_languages_are_bcp47(voice: str, tag: str) -> None:
    assert bcp47(voice) == tag
