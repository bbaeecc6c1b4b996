"""Chinese: golden sentences, tones between neighbours, the syllable rule, numbers."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest

from tests.unit.frontend.golden import GOLDEN
from tts_core.frontend.chinese import FrontEnd
from tts_core.frontend.chinese.normalise import normalise
from tts_core.frontend.chinese.syllables import syllable_phones
from tts_core.frontend.chinese.words import WordSegmenter


@pytest.fixture(scope="module")
def chinese() -> FrontEnd:
    return FrontEnd()


@pytest.mark.parametrize("case", GOLDEN["zh"], ids=lambda case: case["text"][:20])
def test_golden_phones_text_and_alignment(case: dict[str, Any], chinese: FrontEnd) -> None:
    read = chinese.pronounce(case["text"])
    assert " ".join(read.phones) == case["phones"]
    assert read.text == case["norm"]
    assert read.word2ph is not None
    assert " ".join(map(str, read.word2ph)) == case["word2ph"]


@pytest.mark.parametrize(
    ("text", "tones"),
    [
        ("不怕", "24"),
        ("看不懂", "453"),
        ("一天", "41"),
        ("一定", "24"),
        ("第一", "41"),
        ("看一看", "454"),
        ("一零零", "122"),
        ("你好", "23"),
        ("老虎", "23"),
        ("纸老虎", "323"),
        ("奶奶", "35"),
        ("兔兔跑", "453"),
        ("东西", "15"),
        ("女儿", "32"),
        ("花儿", "12"),
        ("胡同儿", "255"),
        ("桌子", "15"),
        ("孩子们", "255"),
        ("我们", "35"),
        ("上来", "45"),
        ("三个", "15"),
        ("朝鲜", "23"),
    ],
)
def test_tones(text: str, tones: str, chinese: FrontEnd) -> None:
    assert "".join(phone[-1] for phone in chinese.pronounce(text).phones[1::2]) == tones


SYLLABLES = (
    "a1:AA a1;zi4:z i04;zhi4:zh ir4;ri4:r ir4;ju2:j v2;lv4:l v4;lu4:l u4;jue2:j ve2;lve4:l ve4;quan2:q van2"
    ";xun4:x vn4;yi1:y i1;yan2:y En2;ye3:y E3;yuan2:y van2;yun2:y vn2;yu3:y v3;wu3:w u3;wen4:w en4;you3:y ou3"
    ";yo5:OO o5;o2:OO o2;en1:EE en1;er2:EE er2;ai4:AA ai4;shui3:sh ui3;liu4:l iu4;cun2:c un2;shuang1:sh uang1"
    ";n2:EE en2;,:,;兙5:UNK"
)


@pytest.mark.parametrize("row", SYLLABLES.split(";"))
def test_syllables(row: str) -> None:
    syllable, phones = row.split(":")
    assert " ".join(syllable_phones(syllable)) == phones


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("气温-3.5℃", "气温零下三点五度"),
        ("下降了12%，10%-20%", "下降了百分之十二,百分之十到百分之二十"),
        ("1/2加3/4", "二分之一加四分之三"),
        ("2024年3月5日", "二零二四年三月五日"),
        ("电话13812345678", "电话幺三八幺二三四五六七八"),
        ("3:30开会，15:05走", "三点半开会,十五点零五分走"),
        ("3号楼205室", "三号楼二零五室"),
        ("￥59.9", "五十九点九元"),
        ("2个人，12个，20个", "两个人,十二个,二十个"),
        ("1,234,567个", "一百二十三万四千五百六十七个"),
        ("10005元，100500元", "一万零五元,十万零五百元"),
        ("5-10天", "五到十天"),
        ("版本1.2.3", "版本一点二点三"),
        ("嗯…好~", "恩…好…"),
        ("１２％", "百分之十二"),
        ("他说：“好！”", "他说,好!"),
    ],
)
def test_what_is_said(written: str, spoken: str) -> None:
    assert normalise(written)[0] == spoken


def test_letters_that_chinese_cannot_read_are_counted() -> None:
    assert normalise("你好 abc まいご")[1] == 6


@pytest.mark.parametrize(
    "text",
    [
        "国家统计局公布了最新的经济数据",
        "他说自己从来没有见过这么漂亮的风景",
        "先帝创业未半而中道崩殂",
        "小院儿里有一只小猫儿",
        "瑒诶困而不学",
        "景元将军很喜欢喝茶.",
    ],
)
def test_words_and_tags_are_those_of_jiebas_own_tagger(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tagger: Any = importlib.import_module("jieba.posseg")
    assert [tuple(word) for word in WordSegmenter().words(text)] == [tuple(pair) for pair in tagger.cut(text)]
