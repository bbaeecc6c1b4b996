"""Mandarin as the reference reads it, its slips included: for checkpoints whose owners want its very phones.

Its rules for numbers and marks; readings by G2PW or pypinyin and by a few words of its own, no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tts_core.frontend import chinese
from tts_core.frontend.chinese.reference.normalise import normalise
from tts_core.frontend.chinese.syllables import clause_pinyin, is_phrase, uncorrected_pinyin
from tts_core.frontend.protocol import Pronunciation

# Pauses of their own: where one of these stands, every comma is such a pause.
_PAUSES = {"￥": "SP2", "^": "SP3"}
# Its corrections to pypinyin's phrases, and single characters.
_WORDS = {
    "乌拉草": "wu4 la5 cao3",
    "克分子": "ke4 fen4 zi3",
    "分子": "fen4 zi3",
    "分子运动论": "fen4 zi3 yun4 dong4 lun4",
    "分子钟": "fen4 zi3 zhong1",
    "卷甲束兵": "juan4 jia3 shu4 bing1",
    "卷甲衔枚": "juan4 jia3 xian2 mei2",
    "屏声静气": "ping2 sheng1 jing4 qi4",
    "援藏": "yuan2 cang2",
    "放大率": "fang4 da4 shuai4",
    "毛发倒竖": "mao2 fa1 dao3 shu4",
    "毛发耸然": "mao2 fa1 song3 ran2",
    "牵强附合": "qian1 qiang2 fu4 he2",
    "解铃还需系铃人": "jie3 ling2 hai2 xu1 ji4 ling2 ren2",
    "连更彻夜": "lian2 geng4 che4 ye4",
    "连更晓夜": "lian2 geng4 xiao3 ye4",
    "柏树": "bai3 shu4",
    "口吃": "kou3 chi1",
    "露背": "lu4 bei4",
    "眼眶": "yan3 kuang4",
    "撒切尔": "sa4 qie4 er3",
    "比比皆是": "bi3 bi3 jie1 shi4",
    "手里": "shou2 li3",
    "怀揣": "huai2 chuai1",
    "中医": "zhong1 yi1",
    "嘚瑟": "de4 se5",
    "陈威行": "chen2 wei1 hang2",
    "郭晟": "guo1 sheng4",
    "抗住": "kang2 zhu4",
    "行行": "xing2 xing2",
    "牦牛": "mao2 niu2",
    "圈养": "juan4 yang3",
    "挑剔": "tiao1 ti4",
    "朝鲜": "chao2 xian3",
    "幸免于难": "xing4 mian3 yu2 nan4",
    "标识": "biao1 zhi4",
    "解法": "jie3 fa3",
}
_CHARACTERS = {"唉": "ai4", "牦": "mao2", "唑": "zuo4"}


class FrontEnd(chinese.FrontEnd):
    """Mandarin as the reference reads it. Loading builds jieba's dictionary, about a second."""

    def normalise(self, text: str) -> tuple[str, int]:
        return normalise(text)

    def clause_pinyin(self, clause: str) -> list[str]:
        return clause_pinyin(clause, uncorrected_pinyin)

    def fixed_readings(self, clause: str) -> dict[int, str]:
        return {}

    def word_pinyin(self, word: str, in_clause: tuple[str, ...]) -> Sequence[str]:
        if word in _WORDS:
            return _WORDS[word].split()
        if is_phrase(word):
            return uncorrected_pinyin(word)
        return [_CHARACTERS.get(char, read) for char, read in zip(word, in_clause, strict=True)]

    def pronounce(self, text: str) -> Pronunciation:
        for sign, pause in _PAUSES.items():
            if sign in text:
                read = super().pronounce(text.replace(sign, ","))
                return replace(read, phones=tuple(pause if phone == "," else phone for phone in read.phones))
        return super().pronounce(text)
