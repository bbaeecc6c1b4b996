"""The phones of each language, as products of their parts, separated by spaces.

The facts are the checkpoints' own; `table` puts them in order.
"""

from __future__ import annotations

PUNCTUATION = ("!", "?", "…", ",", ".", "-")
UNK = "UNK"
SPECIALS = ("_", UNK, "SP", "SP2", "SP3")

ARPA_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
ARPA_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
ARPA_UNSTRESSED = "ER IH"

MANDARIN_INITIALS = "b c ch d f g h j k l m n p q r s sh t w x y z zh AA EE OO"
MANDARIN_FINALS = (
    "E En a ai an ang ao e ei en eng er i i0 ia ian iang iao ie in ing iong ir iu o ong ou"
    " u ua uai uan uang ui un uo v van ve vn"
)

JAPANESE = "I N U a b by ch cl d dy e f g gy h hy i j k ky m my n ny o p py r ry s sh t ts u v w y z"
JAPANESE_PITCH = "[ ]"

KOREAN = "ㄱ ㄲ ㄴ ㄷ ㄸ ㄹ ㅁ ㅂ ㅃ ㅅ ㅆ ㅇ ㅈ ㅉ ㅊ ㅋ ㅌ ㅍ ㅎ ㅏ ㅐ ㅓ ㅔ ㅗ ㅜ ㅡ ㅣ 停 空"

# Cantonese phones carry a leading Y.
CANTONESE_FINALS = (
    "a aa aai aak aam aan aang aap aat aau ai ak am an ang ap at au e ei ek eng eoi eon eot g i ik im in ing"
    " ip it iu k m n o oe oek oeng oi ok on ong ot ou p t u ui uk un ung ut yu yun yut"
)
CANTONESE_TONELESS = "a aa ai ak au b c d e f g gw h j k kw l m n ng o oi ok on ou p s t uk w z"


def with_digits(stems: str, digits: str) -> set[str]:
    """Return every stem followed by every digit (a stress or a tone)."""
    return {stem + digit for stem in stems.split() for digit in digits}


def arpa() -> set[str]:
    """Return the English phones: vowels with a stress, consonants, two vowels without."""
    return with_digits(ARPA_VOWELS, "012").union(ARPA_CONSONANTS.split(), ARPA_UNSTRESSED.split())


def mandarin() -> set[str]:
    """Return the Mandarin phones: finals with a tone, initials."""
    return with_digits(MANDARIN_FINALS, "12345").union(MANDARIN_INITIALS.split())


def cantonese() -> set[str]:
    """Return the Cantonese phones."""
    plain = with_digits(CANTONESE_FINALS, "123456").union(CANTONESE_TONELESS.split())
    return {"Y" + phone for phone in plain}
