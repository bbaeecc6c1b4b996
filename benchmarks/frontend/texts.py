"""What is read: sentences with numbers in them, which are others each time, as in a real day's text."""

from __future__ import annotations

import random
from collections.abc import Iterator

# {a} to {d} are numbers. Half of the sentences have none.
_SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "The last tram had gone, and the square belonged to the street sweepers and the pigeons.",
        "On March {a}, {year}, the committee read {b} pages and kept {c}% of them.",
        "A baker pushed his door open with one shoulder, and warm air rolled over the pavement.",
        "Dr. Smith paid ${b}.{c} for {a} GB of storage, i.e. more than the CPU itself had cost.",
        "Somewhere above, a violin tried the same four bars again, a little slower, and this time it smiled.",
        "Nobody could say why the engineers had chosen such a complicated arrangement of valves.",
        "The train leaves at {a}:{c} and travels {b} km at {d} km/h, according to https://example.com/times.",
        "Her grandmother remembered every harvest, every wedding, and most of the arguments between them.",
        "Version {a}.{c}.{d} fixes the bug, but the API still returns {b},{big} rows.",
        "If the weather holds, we will walk along the river until we find somewhere quiet to eat.",
        "Critics objected that the conclusion did not follow from the evidence in the second chapter.",
        "It grew from {c} to {d} degrees; the wind turned, and a minute later rain hammered on the roof.",
    ),
    "zh": (
        "末班电车开走以后，广场上只剩下扫街的人和鸽子。",
        "{year}年{a}月，委员会读了{b}页报告，保留了其中的{c}%。",
        "面包师用肩膀推开店门，暖暖的香气漫过人行道。",
        "这台电脑花了¥{b}.{c}，内存有{a}GB，比去年便宜了{d}元。",
        "楼上有人在拉小提琴，同样的四个小节又来了一遍，这一次慢了些，也温柔了些。",
        "没有人说得清，当初的工程师为什么要把阀门安排得这么复杂。",
        "列车{a}:{c}出发，以{d}km/h的速度行驶{b}公里，中途不停。",
        "奶奶记得每一次丰收，每一场婚礼，也记得大家为了什么事情争吵。",
        "版本{a}.{c}.{d}修复了这个问题，但是接口仍然返回{b}{big}行数据。",
        "如果天气一直这么好，我们就沿着河边走，直到找到一个安静的地方吃饭。",
        "评论家们认为，第二章提出的证据并不能支持最后得出的结论。",
        "气温从{c}℃升到{d}℃，风向变了，一分钟之后雨点就打在了屋顶上。",
    ),
    "ja": (
        "最終電車が出たあと、広場に残ったのは掃除の人と鳩だけでした。",
        "{year}年{a}月、委員会は{b}ページを読み、その{c}%を残しました。",
        "パン屋が肩で扉を押すと、温かい空気が歩道に流れ出します。",
        "このパソコンは{b}{c}円で、メモリは{a}GBあります。",
        "上の階では誰かがバイオリンで同じ四小節をもう一度、今度は少しゆっくり弾きました。",
        "技術者たちがなぜ弁をあれほど複雑に並べたのか、誰にも説明できませんでした。",
        "列車は{a}時{c}分に出て、時速{d}kmで{b}キロを走ります。",
        "祖母はどの収穫も、どの結婚式も、そのあいだの口げんかもよく覚えていました。",
        "気温は{c}度から{d}度に上がり、風向きが変わって、一分後には雨が屋根を打ちました。",
        "天気がよければ、静かに食事のできる場所が見つかるまで川沿いを歩きましょう。",
    ),
    "ko": (
        "막차가 떠난 뒤 광장에는 청소부와 비둘기만 남았습니다.",
        "{year}년 {a}월, 위원회는 {b}쪽을 읽고 그중 {c}%를 남겼습니다.",
        "빵집 주인이 어깨로 문을 밀자 따뜻한 공기가 길 위로 퍼졌습니다.",
        "이 컴퓨터는 {b}{big}원이고 메모리는 {a}GB입니다.",
        "위층에서는 누군가 바이올린으로 같은 네 마디를 다시, 이번에는 조금 더 천천히 켰습니다.",
        "기술자들이 왜 밸브를 그렇게 복잡하게 배치했는지 아무도 설명하지 못했습니다.",
        "기차는 {a}시 {c}분에 출발해 시속 {d}km로 {b}km를 달립니다.",
        "할머니는 모든 추수와 모든 결혼식, 그 사이의 말다툼까지 기억하고 계셨습니다.",
        "기온이 {c}도에서 {d}도로 오르고 바람이 바뀌더니 일 분 뒤에 비가 지붕을 두드렸습니다.",
        "날씨가 좋으면 조용히 밥을 먹을 곳을 찾을 때까지 강을 따라 걸어갑시다.",
    ),
    "yue": (
        "尾班電車開走咗之後，廣場上面淨係得返掃街嘅人同白鴿。",
        "{year}年{a}月，委員會睇咗{b}頁報告，留低咗{c}%。",
        "麵包師傅用膊頭撞開門，暖笠笠嘅香味飄晒出街。",
        "呢部電腦要${b}，有{a}GB記憶體，平咗{d}蚊。",
        "樓上有人拉緊小提琴，同樣嗰四個小節又嚟多一次，今次慢咗少少。",
        "冇人講得出，點解啲工程師要將啲閥門擺得咁複雜。",
        "架車{a}點{c}分開，行{b}公里，中途唔停。",
        "阿婆記得每一次收成，每一場婚禮，仲記得大家為咗乜嘢嗌交。",
        "氣溫由{c}度升到{d}度，風向變咗，一分鐘之後就落大雨。",
        "如果天氣好，我哋就沿住條河行，搵個靜啲嘅地方食飯。",
    ),
}


def languages_with_text() -> tuple[str, ...]:
    """Return the languages that there are sentences for."""
    return tuple(_SENTENCES)


def sentences(language: str, num_chars: int, seed: int) -> Iterator[str]:
    """Yield sentences until they have `num_chars` characters; the numbers in them are drawn from `seed`."""
    numbers = random.Random(seed)
    while num_chars > 0:
        for sentence in _SENTENCES[language]:
            filled = sentence.format(
                a=numbers.randint(1, 12),
                b=numbers.randint(100, 9999),
                c=numbers.randint(10, 59),
                d=numbers.randint(60, 300),
                big=numbers.randint(100, 999),
                year=numbers.randint(1900, 2030),
            )
            yield filled
            num_chars -= len(filled)
            if num_chars <= 0:
                return
