"""Characters of several sounds whose words the dictionaries don't know, or where the tone rules go wrong.

Every entry is a pattern whose first group is read so; the first that fits a character counts. What is left to
the dictionaries here, they mostly read right.
"""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_WHO = "[我你您他她它们咱谁人]"
_TABLE: tuple[tuple[str, str], ...] = (
    # Digits that are read one by one keep their tones: 一九四九年, 三点一四. So do ordinals without 第.
    (
        f"(?<=[{_DIGITS}幺])(一)(?=[{_DIGITS}幺年])|(?<=[{_DIGITS}]点)(一)|(?<=[{_DIGITS}幺]{{2}})(一)(?![个百千万亿])",
        "yi1",
    ),
    (f"(一)(?=[{_DIGITS}幺]{{2}})(?![{_DIGITS}幺]+[十百千万亿])", "yi1"),
    (f"(?<=[百千万亿零])(一)(?=十|$|[{_DIGITS},.!?…])", "yi1"),
    ("(?<=十)(一)", "yi1"),
    ("(?<=月)(一)(?=[日号])|(?<!第)(一)(?=月|年级|等|级|流|楼(?!梯)|号(?!召))", "yi1"),
    ("(一)(?=[百千](?!分))", "yi4"),
    ("(一)(?=[万亿])", "yi2"),
    # 得: must; and got, where nothing but what was got follows.
    (f"(?<={_WHO})(得)(?=[去走看想做要先再赶找多回把给等学说问是加用靠花跟让快写买还])", "dei3"),
    (f"(?:(?<={_WHO}[就才都也还可又总必只])|(?<=非))(得)(?!到|了)", "dei3"),
    (f"(?<={_WHO})(得)(?=[了过到出])", "de2"),
    ("(?<=[获取难心所赢求夺博])(得)", "de2"),
    ("(?<=[跑走说写做吃长玩干睡站听看笑画唱飞打])(得)(?=[很太真快慢好多更])", "de5"),
    ("(?<=[睡午])(觉)|(?<=不着)(觉)|(?<=睡[了个])(觉)|(?<=一)(觉)(?![得察醒])", "jiao4"),
    ("(?<=[早晚])(上)(?![班课学网街山车])", "shang5"),
    # 地 and 的 that are no particles.
    (
        "(?<=[土大天目工场产基实各本当陆草绿圣湿盆荒坟营领境属异外内腹要胜园林田菜余质福战阵驻两空平])(地)(?!说|讲|问|笑|哭|看)",
        "di4",
    ),
    ("(?<=目)(的)", "di4"),
    ("(?<=有)(的)(?=放矢)", "di4"),
    ("(?<=[睡找用够买猜摸打管犯怪买抓]不)(着)(?!急|手|陆|重)", "zhao2"),
    ("(?<=[睡找猜抓])(着)(?=了)", "zhao2"),
    ("(?<=[更太最挺])(长)(?![大高辈老])|(?<=这么|那么|非常|多么|特别)(长)(?![大高])", "chang2"),
    ("(?<=全)(长)(?=[约共达为不超近零一二三四五六七八九十两百千])", "chang2"),
    ("(数)(?=一数|[一了不]?数|不清|得清|到[一二三四五六七八九十])|(?<=数一)(数)|(?<=倒)(数)(?!据)", "shu3"),
    (
        "(?<=[要想该快就])(还)(?=[钱书给债清款])|(?<=没|不)(还)(?=[钱书给债清款])|(?<!有)(?<!也)(还)(?=[书债贷清]|给[我你他她])|(还)(?=款(?!项))",
        "huan2",
    ),
    (
        "(行)(?=业|情|列|货|家)|(?<=[各同内外本])(行)(?=业|[,.!?…]|$)|(?<=[第几一二三两])(行)(?=字|代码|诗)",
        "hang2",
    ),
)
_PATTERNS = tuple((re.compile(pattern), reading) for pattern, reading in _TABLE)
_CHARACTERS = re.compile("[一得地的着长数还行觉上]")


def fixed_readings(clause: str) -> dict[int, str]:
    """Return the syllables that are certain, by the index of their character in the clause."""
    found: dict[int, str] = {}
    if not _CHARACTERS.search(clause):
        return found
    for pattern, reading in _PATTERNS:
        for match in pattern.finditer(clause):
            found.setdefault(match.start(match.lastindex or 0), reading)
    return found
