"""Which numerals a counter takes: three apples are 세 개, three minutes 삼 분."""

from __future__ import annotations

import re

from tts_core.frontend.korean.jamo import SILENT, decompose, is_syllable
from tts_core.frontend.korean.numbers import say_native, say_ordinal, say_sino

_MONTHS = {"6월": "유월", "10월": "시월", "06월": "유월"}
_SINO = (
    "달러 개월 개년 개국 개소 호선 호기 학년 분기 인분 주년 주일 번지 번대 퍼센트 포인트"
    " 년 월 일 분 초 원 세 층 호 위 등 급 점 회 차 주 도 인 쪽 과 부 동 항 절 반"
)
_NATIVE = (
    "시간 시 번째 군데 그루 마리 모금 발짝 보루 움큼 켤레 사람 가지 송이 자루 바퀴 그릇 포기"
    " 차례 걸음 방울 조각 덩어리 봉지 상자 박스 스푼 숟갈 접시 다발 묶음 줄기 마디"
    " 개 권 닢 대 두 모 뭇 발 방 번 벌 살 술 쌈 정 짝 채 척 첩 축 톨 통 명 잔 병 장 달"
    " 골 배 곳 판 쌍 팀 갑 줄 칸 끼 곡 편 건 컵 알 돌"
)
_MAX_TIMES = 20
_MAX_NATIVE = {"시": 12, "시간": 23}
# What makes a 번 or 대 a label and no count: 3번 출구, 20대.
_LABELLED = re.compile(
    "번 ?(?:출구|버스|국도|문제|타자|홈|트랙|칸|선수|승강장|교향곡|창구)"
    "|대 ?(?:천왕|요소|원칙|과제|명절|강국)"
)
# Longer counters first: 개월 is Sino-Korean, 개 native.
COUNTER = "|".join(sorted(f"{_SINO} {_NATIVE}".split(), key=len, reverse=True))
_NATIVE_SET = frozenset(_NATIVE.split())


def say_counted(number: str, counter: str, rest: str = "") -> str:
    """Read a number and what it counts.

    Args:
        number: digits, perhaps a point and more digits.
        counter: one of `COUNTER`.
        rest: the text after the counter, which tells a count from a label.
    """
    if number + counter in _MONTHS:
        return _MONTHS[number + counter]
    if counter == "번째":
        return f"{say_ordinal(number)} {counter}"
    if _takes_native(number, counter, rest):
        return join_counter(say_native(number), counter)
    return join_counter(say_sino(number), counter)


def join_counter(spoken: str, counter: str) -> str:
    """Put a space between a numeral and its counter, unless that begins with a vowel: 만원 is said [마눤]."""
    attached = is_syllable(counter[0]) and decompose(counter[0]).onset == SILENT
    return spoken + ("" if attached or counter[0] == "년" else " ") + counter


def _takes_native(number: str, counter: str, rest: str) -> bool:
    if counter not in _NATIVE_SET or not number.isdecimal() or len(number) > 2:
        return False
    if _LABELLED.match(counter + rest) or (counter == "번" and int(number) > _MAX_TIMES):
        return False
    if counter == "대" and int(number) % 10 == 0:  # somebody's twenties, thirties, ...
        return False
    return int(number) <= _MAX_NATIVE.get(counter, 99)
