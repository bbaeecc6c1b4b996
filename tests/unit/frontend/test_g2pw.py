"""Readings by context: what the network answers is what is spoken, where nothing knows better."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import opencc
import pytest

from tests.unit.frontend.g2pw_folder import PINYIN, POLYPHONIC, adopt
from tts_core.frontend.chinese.syllables import syllable_phones
from tts_core.frontend.g2pw import process
from tts_core.frontend.g2pw.session import Session
from tts_core.frontend.lexicon import Lexicon, mark_inline_phones
from tts_core.frontend.lexicon.mandarin import TONE_CHARS
from tts_core.frontend.pipeline import phonemize

# Between them stand characters of one reading; no two are a phrase, and no rule changes their tones.
CLAUSES = [
    "率还觉",
    "还率觉还率",
    "家觉还家率在还重",
    "他还他率他重他觉家率他",
    "重在还觉他率",
    "觉率们",
    "们重还",
]
_ASKED = "率还觉重"


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_adopted", None)
    monkeypatch.setattr(process, "_folders", {})


@pytest.fixture(params=[True, False], ids=["labels of each character", "labels of each reading"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return adopt(tmp_path, own_labels=request.param)


def spoken(text: str) -> str:
    return " ".join(phonemize(text, "zh").phones)


def phones_of(syllable: str) -> str:
    return " ".join(syllable_phones(syllable))


def said(text: str, chars: str = _ASKED) -> list[str]:
    """Return the phones of some characters, a string for each time that one occurs."""
    sequence = phonemize(text, "zh")
    (span,) = sequence.spans
    assert span.word2ph is not None
    phones = iter(sequence.phones)
    of_each = [" ".join(itertools.islice(phones, count)) for count in span.word2ph]
    return [own for char, own in zip(span.text, of_each, strict=True) if char in chars]


def forget_answers() -> None:
    assert process._adopted is not None
    assert process._adopted.reader is not None
    process._adopted.reader._answers.cache_clear()


def answers(folder: Path, clause: str) -> list[str]:
    """Ask the network as it was trained: each question beside a row of tokens of its own."""
    pairs = [pair.split(" ") for pair in POLYPHONIC.split(",")]
    own_labels = "use_char_phoneme = True" in (folder / "config.py").read_text(encoding="utf-8")
    labels = sorted({f"{char} {sound}" if own_labels else sound for char, sound in pairs})
    chars = sorted({char for char, _ in pairs})
    tokens = vocabulary(folder)
    seen = opencc.OpenCC("s2tw").convert(clause)
    places = [index for index, char in enumerate(clause) if char in _ASKED]
    own = [
        {f"{char} {sound}" if own_labels else sound for char, sound in pairs if char == seen[place]}
        for place in places
    ]
    row = [tokens["[CLS]"], *(tokens.get(char, tokens["[UNK]"]) for char in seen), tokens["[SEP]"]]
    rows = np.array([row] * len(places))
    inputs = {
        "input_ids": rows,
        "token_type_ids": np.zeros_like(rows),
        "attention_mask": np.ones_like(rows),
        "phoneme_mask": np.array([[label in some for label in labels] for some in own], np.float32),
        "char_ids": np.array([chars.index(seen[place]) for place in places]),
        "position_ids": np.array(places) + 1,
    }
    (found,) = onnxruntime.InferenceSession(folder / "g2pW.onnx").run(None, inputs)
    sounds = [labels[label].split(" ")[-1] for label in np.asarray(found).argmax(axis=1)]
    return [PINYIN[sound[:-1]] + sound[-1] for sound in sounds]


def vocabulary(folder: Path) -> Mapping[str, int]:
    path = folder.parent / "chinese-roberta-wwm-ext-large/tokenizer.json"
    found: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return found


@pytest.mark.parametrize("clause", CLAUSES)
def test_the_network_s_answer_is_spoken(model: Path, clause: str) -> None:
    expected = [phones_of(syllable) for syllable in answers(model, f"{clause}.")]
    assert said(f"{clause}。") == expected


def test_one_character_has_several_readings_here_or_these_tests_show_nothing(model: Path) -> None:
    readings = {reading for clause in CLAUSES for reading in said(f"{clause}。")}
    both = [{"h ai2", "h uan2"}, {"l v4", "sh uai4"}, {"j iao4", "j ve2"}, {"zh ong4", "ch ong2"}]
    assert sum(pair <= readings for pair in both) >= 2


def test_a_clause_is_read_alike_alone_and_beside_others(model: Path) -> None:
    together = said("，".join(CLAUSES) + "，")
    assert together == [reading for clause in CLAUSES for reading in said(f"{clause}，")]


def test_questions_asked_at_once_are_answered_as_one_by_one(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [said(f"{clause}。") for clause in CLAUSES]
    ask = Session.scores

    def one_by_one(self: Session, tokens: Any, *questions: Any) -> Any:
        rows = [ask(self, tokens, *(some[i : i + 1] for some in questions)) for i in range(len(questions[0]))]
        return np.concatenate(rows)

    monkeypatch.setattr(Session, "scores", one_by_one)
    forget_answers()
    assert [said(f"{clause}。") for clause in CLAUSES] == at_once


def test_threads_at_once_read_alike(model: Path) -> None:
    alone = [said(f"{clause}。") for clause in CLAUSES]
    forget_answers()
    with ThreadPoolExecutor(4) as threads:
        for read in threads.map(lambda _: [said(f"{clause}。") for clause in CLAUSES], range(8)):
            assert read == alone


def test_the_network_sees_sixteen_characters_on_either_side(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, list[int]]] = []
    ask = Session.scores

    def watched(self: Session, tokens: Any, positions: Any, *rest: Any) -> Any:
        seen.append((len(tokens), list(positions)))
        return ask(self, tokens, positions, *rest)

    monkeypatch.setattr(Session, "scores", watched)
    spoken("他" * 30 + "率" + "家" * 5 + "率" + "他" * 30 + "。")
    assert seen == [(2 + 16 + 7 + 16, [1 + 16, 1 + 22])]


@pytest.mark.parametrize("other", [3, 11, 12])
def test_phrases_of_the_dictionary_go_before(tmp_path: Path, other: int) -> None:
    adopt(tmp_path, seed=other)
    assert "y in1 y ve4" in spoken("他在这里的音乐很好。")
    assert "zh ong4 y ao4" in spoken("他觉得重要。")
    assert "x iao4 l v4" in spoken("他的效率很好。")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他危了。", "t a1 w ei2"),  # one reading, which is not the dictionary's
        ("他恁了。", "t a1 n en4"),  # one that there are no phones for
        ("他唉了。", "t a1 AA ai4"),  # several, of which one is always right
        ("他不家。", "t a1 b u4 j ia1"),  # several, and the dictionary knows better
        ("他攒了。", "t a1 z an3"),  # one, and the dictionary knows better
    ],
)
def test_characters_that_the_network_is_not_asked_about(model: Path, text: str, expected: str) -> None:
    assert spoken(text).startswith(expected)


@pytest.mark.parametrize("given", ["lv4", "shuai4"])
def test_a_reading_that_was_given_goes_before(model: Path, given: str) -> None:
    marked, inline = mark_inline_phones(f"还家[率](/{given}/)觉。", 100)
    sequence = phonemize(marked, "zh", "v2", Lexicon("zh", None, (), inline))
    assert phones_of(given) in " ".join(sequence.phones)


@pytest.mark.parametrize("char", TONE_CHARS.values())
def test_characters_that_stand_for_given_words_keep_the_dictionary_s_tone(char: str, tmp_path: Path) -> None:
    before = spoken(f"他{char}家。")
    adopt(tmp_path)
    assert spoken(f"他{char}家。") == before


@pytest.mark.parametrize(
    "text", ["麤" * 600, "率" * 1500, "!?…,.", "還 率\u3000覺", "𠮷率\ud800还", "率a还1觉😀", "\x00率"]
)
def test_no_text_is_too_strange(model: Path, text: str) -> None:
    sequence = phonemize(f"家{text}。", "zh")
    assert sum(span.num_phones for span in sequence.spans) == len(sequence)


def test_tones_change_after_readings_are_chosen(tmp_path: Path) -> None:
    """A third tone that the network chose gives way to the next, as the dictionary's does."""
    chosen = {seed: first_of_two(Path(tmp_path, str(seed))) for seed in range(12)}
    assert {"zh ang2", "ch ang2"} <= set(chosen.values())
    assert "zh ang3" not in chosen.values()


def first_of_two(root: Path) -> str:
    process._adopted = None
    adopt(root, seed=int(root.name))
    return said("他长很家。", "长")[0]
