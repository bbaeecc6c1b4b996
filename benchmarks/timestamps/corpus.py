"""Sentences in several languages: long and short, with clauses, numbers and names."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """A language and its sentences.

    Attributes:
        voice: espeak-ng's.
        front_end: the request language whose phones tell how long words take; "" where letters do.
        sentences: one utterance each.
    """

    voice: str
    front_end: str
    sentences: tuple[str, ...]


LANGUAGES: dict[str, Language] = {
    "English": Language(
        "en-us",
        "en",
        (
            "The quick brown fox jumps over the lazy dog.",
            "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow.",
            "It was a bright cold day in April, and the clocks were striking thirteen.",
            "Please call Stella; ask her to bring these things with her from the store.",
            "In 1969, three astronauts travelled 384,400 kilometres to the moon and back.",
            "Yes.",
            "The committee, which had met twice already, could not agree on anything but lunch.",
            "Strength and patience are what this extraordinarily complicated machinery requires.",
            "He said: \"I don't know what you mean, but I'll try.\"",
            "We can go by train, by bus or on foot; whichever you like best!",
        ),
    ),
    "German": Language(
        "de",
        "",
        (
            "Der schnelle braune Fuchs springt über den faulen Hund.",
            "Es war einmal ein König, der hatte drei Töchter, und die jüngste war die schönste.",
            "Die Geschwindigkeitsbegrenzung auf der Autobahn wurde gestern aufgehoben.",
            "Können Sie mir bitte sagen, wie ich zum Bahnhof komme?",
            "Am 3. Oktober feiern wir, und am Abend gibt es ein Feuerwerk.",
            "Ich weiß es nicht; vielleicht kommt er morgen, vielleicht auch nicht.",
        ),
    ),
    "French": Language(
        "fr-fr",
        "",
        (
            "Le petit chat dort sur le canapé, près de la fenêtre ouverte.",
            "Il était une fois une princesse qui vivait dans un grand château, loin de la ville.",
            "Pouvez-vous me dire où se trouve la gare la plus proche ?",
            "Nous avons mangé du pain, du fromage et quelques fruits ; c'était délicieux.",
            "Je ne sais pas ce qu'il faut faire, mais nous trouverons une solution.",
            "La bibliothèque nationale possède plus de quinze millions d'ouvrages.",
        ),
    ),
    "Spanish": Language(
        "es",
        "",
        (
            "El perro de mi vecino ladra toda la noche y no me deja dormir.",
            "Cuando llegamos a la playa, el sol ya se había escondido detrás de las montañas.",
            "¿Puede decirme dónde está la estación de tren más cercana?",
            "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, vivía un hidalgo.",
            "Compramos pan, queso, manzanas y una botella de agua.",
            "No sé qué hacer; quizás mañana lo veamos todo más claro.",
        ),
    ),
    "Italian": Language(
        "it",
        "",
        (
            "Nel mezzo del cammin di nostra vita, mi ritrovai per una selva oscura.",
            "Il treno per Milano parte alle nove dal binario tre.",
            "Vorrei un caffè, un cornetto e un bicchiere d'acqua, per favore.",
            "La settimana scorsa siamo andati al mare, ma pioveva sempre.",
            "Che cosa ne pensi di questa straordinaria opportunità?",
        ),
    ),
    "Portuguese": Language(
        "pt-br",
        "",
        (
            "O menino correu pela rua, virou a esquina e desapareceu.",
            "Amanhã de manhã vamos à praia, se não chover.",
            "Você pode me dizer onde fica a estação mais próxima?",
            "A biblioteca da universidade fecha às oito horas da noite.",
            "Comprei pão, queijo e café; esqueci o leite.",
        ),
    ),
    "Dutch": Language(
        "nl",
        "",
        (
            "De snelle bruine vos springt over de luie hond.",
            "Gisteren zijn we naar het strand gegaan, maar het regende de hele dag.",
            "Kunt u mij vertellen waar het dichtstbijzijnde station is?",
            "Ik heb brood, kaas en appels gekocht; de melk ben ik vergeten.",
            "De verantwoordelijkheid ligt bij de gemeenteraad, niet bij de burgemeester.",
        ),
    ),
    "Russian": Language(
        "ru",
        "",
        (
            "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.",
            "Завтра утром мы поедем на дачу, если не будет дождя.",
            "Скажите, пожалуйста, где находится ближайшая станция метро?",
            "Он купил хлеб, сыр и яблоки; молоко он забыл.",
            "Достопримечательности этого города известны во всём мире.",
        ),
    ),
    "Polish": Language(
        "pl",
        "",
        (
            "Wczoraj wieczorem poszliśmy do kina, ale film był bardzo nudny.",
            "Czy może mi pan powiedzieć, gdzie jest najbliższa stacja?",
            "Kupiłem chleb, ser i jabłka; o mleku zapomniałem.",
            "W Szczebrzeszynie chrząszcz brzmi w trzcinie.",
            "Odpowiedzialność za tę decyzję ponosi cały zespół.",
        ),
    ),
    "Turkish": Language(
        "tr",
        "",
        (
            "Dün akşam sinemaya gittik, ama film çok sıkıcıydı.",
            "En yakın tren istasyonunun nerede olduğunu söyler misiniz?",
            "Ekmek, peynir ve elma aldım; sütü unuttum.",
            "Yarın sabah hava güzel olursa, hep birlikte denize gideceğiz.",
            "Bu şehrin en ünlü kütüphanesi her gün saat dokuzda açılıyor.",
        ),
    ),
    "Hindi": Language(
        "hi",
        "",
        (
            "कल शाम हम फ़िल्म देखने गए, लेकिन वह बहुत उबाऊ थी।",
            "क्या आप मुझे बता सकते हैं कि सबसे नज़दीकी स्टेशन कहाँ है?",
            "मैंने रोटी, पनीर और सेब ख़रीदे, पर दूध भूल गया।",
            "अगर मौसम अच्छा रहा, तो हम सब पहाड़ों पर जाएँगे।",
            "इस शहर का पुस्तकालय पूरे देश में प्रसिद्ध है।",
        ),
    ),
    "Mandarin": Language(
        "cmn",
        "zh",
        (
            "今天天气很好，我们一起去公园散步吧。",
            "他昨天晚上看了一部电影，可是觉得很无聊。",
            "请问，最近的地铁站在哪里？",
            "人工智能正在改变我们的生活方式，也带来了新的问题。",
            "我买了面包、苹果和牛奶，忘了买鸡蛋。",
            "春天来了，花园里的花都开了，小鸟在树上唱歌。",
        ),
    ),
    "Cantonese": Language(
        "yue",
        "yue",
        (
            "今日天氣好好，我哋一齊去公園行下啦。",
            "佢尋晚睇咗一套戲，不過覺得好悶。",
            "請問最近嘅地鐵站喺邊度？",
            "我買咗麵包、蘋果同牛奶，唔記得買雞蛋。",
            "香港嘅夜景好靚，好多遊客都會去山頂影相。",
        ),
    ),
    "Japanese (kana)": Language(
        "ja",
        "ja",
        (
            "きょうは とても いい てんきですから、こうえんへ いきましょう。",
            "きのうの よる、ともだちと いっしょに えいがを みました。",
            "すみません、いちばん ちかい えきは どこですか。",
            "パンと りんごと ぎゅうにゅうを かいましたが、たまごを わすれました。",
            "はるに なると、にわの はなが たくさん さきます。",
        ),
    ),
    "Korean": Language(
        "ko",
        "ko",
        (
            "오늘은 날씨가 아주 좋아서 공원에 산책하러 갔습니다.",
            "어제 저녁에 친구와 영화를 봤는데, 너무 지루했어요.",
            "실례합니다, 가장 가까운 지하철역이 어디에 있습니까?",
            "빵과 사과와 우유를 샀지만, 달걀을 잊어버렸어요.",
            "봄이 오면 정원에 꽃이 많이 피고, 새들이 노래합니다.",
        ),
    ),
}
