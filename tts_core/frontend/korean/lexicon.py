"""Words whose sound no rule of contact gives: compounds with a tense or an inserted consonant.

Most words here are the examples of Standard Pronunciation (표준 발음법) 20 and 26 to 30 that the reference's
dictionary lists, and numerals. They are written as they are spelled, with a mark before the syllable that
changes: ' makes its consonant tense, + inserts ㄴ before its vowel, - turns its ㄹ into ㄴ. The rules do the
rest: 막+일 is 막닐, and then [망닐].
"""

from __future__ import annotations

import functools
import re

from tts_core.frontend.korean.compounds import INSERTED_N, TENSE_AFTER_R, TENSE_BY_CUSTOM
from tts_core.frontend.korean.contact import TENSE
from tts_core.frontend.korean.jamo import compose, decompose

_KEPT_N = "의견-란 임진-란 생산-량 동원-령 상견-례 횡단-로 이원-론 입원-료 구근-류 결'단-력 공'권-력"
_TENSE = (
    "갈'등 발'동 절'도 말'살 불'소 일'시 갈'증 물'질 발'전 몰'상식 불'세출"
    " 문'고리 눈'동자 신'바람 산'새 손'재주 길'가 물'동이 발'바닥 굴'속 술'잔 바람'결"
    " 그믐'달 아침'밥 잠'자리 강'가 초승'달 등'불 창'살 강'줄기"
    " 할'걸 할'밖에 할'세라 할'수록 할'지라도 할'지언정 할'진대"
)
_INSERTED = (
    "솜+이불 홑+이불 막+일 삯+일 맨+입 꽃+잎 내복+약 색+연필 직행+열차 늑막+염 콩+엿 담+요 눈+요기"
    " 영업+용 식용+유 국민+윤리 밤+윷 이죽+이죽 야금+야금 검+열 욜랑+욜랑 금+융 들+일 솔+잎"
    " 설+익다 물+약 불+여우 서울+역 물+엿"
    " 휘발+유 유들+유들 한+일 옷+입다 서른+여섯 먹은+엿 할+일 잘+입다 스물+여섯 먹을+엿"
    " 베갯+잇 깻+잎 나뭇+잎 도리깻+열 뒷+윷"
)
_NUMERALS = (
    "십+육 백+육 천+육백 천+육십 이천+육 만+육천 만+육백 열+여섯 열+여덟 스물+여덟 서른+여덟"
    " 마흔+여섯 마흔+여덟 쉰+여섯 쉰+여덟 일흔+여섯 일흔+여덟 여든+여섯 여든+여덟 아흔+여섯 아흔+여덟"
)
# Where ㅅ between two nouns is not heard at all, and readings of their own.
_IRREGULAR = {
    "냇가": "내까",
    "샛길": "새낄",
    "빨랫돌": "빨래똘",
    "콧등": "코뜽",
    "깃발": "기빨",
    "대팻밥": "대패빱",
    "햇살": "해쌀",
    "뱃속": "배쏙",
    "뱃전": "배쩐",
    "고갯짓": "고개찓",
    "송별연": "송벼련",
    "등용문": "등용문",
}
# Ten of something: 열 개 [열 깨].
_TEN = re.compile(
    "(?<![가-힣])(열 )(개|시|살|잔|번|권|가지|달)(?=[^가-힣]|[가이은는를을에의로도만쯤정간와]|$)"
)
_CHANGE = re.compile(r"(['+-])(.)")


def _changed(match: re.Match[str]) -> str:
    syllable = decompose(match[2])
    if match[1] == "'":
        syllable.onset = TENSE[syllable.onset]
    else:
        syllable.onset = "ㄴ"
    return compose(syllable)


@functools.cache
def _sounds() -> dict[str, str]:
    listed = (_KEPT_N, _TENSE, _INSERTED, _NUMERALS, TENSE_AFTER_R, TENSE_BY_CUSTOM, INSERTED_N)
    marked = [word.replace("_", " ") for word in " ".join(listed).split()]
    return {_CHANGE.sub(r"\2", word): _CHANGE.sub(_changed, word) for word in marked} | _IRREGULAR


@functools.cache
def _words() -> re.Pattern[str]:
    first = "".join({word[0] for word in _sounds()})
    return re.compile(f"(?=[{first}])(?:{'|'.join(sorted(_sounds(), key=len, reverse=True))})")


def respell(text: str) -> str:
    """Return `text` with the lexicon's words spelled as they sound, syllable for syllable."""
    text = _words().sub(lambda match: _sounds()[match[0]], text)
    return _TEN.sub(lambda match: match[1] + _CHANGE.sub(_changed, "'" + match[2]), text)
