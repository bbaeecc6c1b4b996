"""Words that Open JTalk reads otherwise than their neighbours ask for, spelled so that it can't."""

from __future__ import annotations

from re import Match

from tts_core.frontend.japanese.numbers import say_digits
from tts_core.frontend.rules import Rule, apply, rule

_DIGITS = "一二三四五六七八九"
# Each in the kana that Open JTalk takes for no digit where one follows.
_TOLD = ("イチ", "に", "サン", "ヨン", "ゴ", "ロク", "シチ", "ハチ", "ク")
_FOOD = "カレー|ラーメン|スープ|ソース|料理|味|鍋|もの|物|食べ物|キムチ|麻婆|唐辛子|お菓子|スナック"
_LONELY = "道|場所|路地|通り|公園|部屋|廊下|山道|夜道|屋敷|森|海岸|駅|校舎|村"
_OPENED = "ドア|扉|窓|門|戸|店|蓋|ふた|フタ|鍵|口|目|穴|幕|シャッター|ゲート"
_HELD = "赤ちゃん|赤ん坊|子ども|子供|息子|娘|猫|犬|肩|人形|膝"
_SECRET = "暗証番号|認証番号|認証コード|確認コード|パスワード|パスコード|ピン"


def _about(match: Match[str]) -> str:
    """Read "two, three days" as one: ニサンニチ."""
    first, second, counter = match.groups()
    low, high = (_DIGITS.find(digit) + 1 or int(digit) for digit in (first, second))
    if high != low + 1:
        return match[0]
    if low == 1 and counter == "人":
        return "一人二人"
    return _TOLD[low - 1] + (_TOLD[high - 1] + "にち" if counter == "日" else second + counter)


_RULES: tuple[Rule, ...] = (
    # Before d, t and n it is ナン; 幾何 and 如何 are words of their own.
    rule(r"(?<![幾如誰])何(?=で|だ|と(?!ぞ)|な(?!い|が)|って|て|じゃ)", "なん"),
    rule(
        rf"(?<![\d{_DIGITS}十百千.])([1-9{_DIGITS}])、([1-9{_DIGITS}])([日人回個本枚度年週月時分秒歳杯匹冊台件名])",
        _about,
    ),
    rule("(?<=[今来先毎翌]月)(?:1|一)日", "ついたち"),
    rule("(?<=[今来先]週)中|(?<=[今来先]月)中(?!旬)", "ちゅう"),
    rule("明後日", "あさって"),
    rule("(?<![一-鿿])([月火水木金土日])[〜~-]([月火水木金土日])(?![一-鿿ぁ-ゖ])", r"\1曜から\2曜"),
    rule(r"(?<=\dm|ール)走(?![らりるれろっ])", "ソー"),
    rule("(?<=百聞は)一見", "いっけん"),
    rule("(?<=[王座]の)間(?=[はにへでが])", "ま"),
    rule(r"[▲△](?=\d)", "-"),
    rule(rf"辛(?=[いく](?:{_FOOD}))|(?<=[がはも])辛(?=すぎ)|(?<=激)辛(?=い)", "から"),
    rule(rf"((?:{_FOOD})[がはも](?:とても|すごく|少し|ちょっと|かなり)?)辛(?=[いくか])", r"\1から"),
    rule(rf"人気(?=の(?:ない|無い)(?:{_LONELY}))", "ひとけ"),
    rule(rf"((?:{_OPENED})[がはも])開(?=[くいきけ]|か[なず])", r"\1あ"),
    rule(rf"((?:{_HELD})を)抱(?=[くいきけこか])", r"\1だ"),
    rule("(?<!嘘)八百(?![屋長万津])", "800"),
    rule("(?<=腹が|かが|腹も|かも|腹は|かは)空(?=[くいき])", "す"),
    rule("(?<=席が)空(?=[くいき])", "あ"),
    rule("辛(?=く)", "つら"),
    rule(
        rf"((?:{_SECRET})[はがを:、「 ]{{1,3}})(\d{{3,12}})(?![\d,.万億円])",
        lambda match: match[1] + say_digits(match[2]),
    ),
)


def spell(text: str) -> str:
    """Return the text, letters and marks in their plain forms, with kana for what would be read wrongly."""
    return apply(_RULES, text)
