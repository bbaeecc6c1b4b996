from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import Any

import pytest

from benchmarks.isolation.catalogue import Speaker, VoiceEntry, choose_speakers
from benchmarks.isolation.faults import FAULTS
from benchmarks.isolation.plan import Visit, make_plan
from benchmarks.isolation.settings import CannotRun, Choice, Crowd, IsolationSettings
from benchmarks.isolation.texts import draw_text, text_language
from benchmarks.load.settings import SettingsError, Target

LOCAL = Target("http://127.0.0.1:1")
SPEAKERS = [Speaker("m", "ann", "en-GB"), Speaker("m", "ben", "de"), Speaker("n", "eva", "sw")]
CATALOGUE = [VoiceEntry("ann", "en-GB", "m"), VoiceEntry("ben", "de", "m"), VoiceEntry("eva", "sw", "n")]


def plan(seed: int = 0, choice: Choice | None = None, **crowd: Any) -> list[Visit]:
    return make_plan(
        IsolationSettings(LOCAL, choice or Choice(), Crowd(**{"num_requests": 100, **crowd}), seed=seed),
        SPEAKERS,
    )


def test_the_seed_decides_the_whole_plan() -> None:
    assert plan(seed=3) == plan(seed=3)
    assert plan(seed=3) != plan(seed=4)


def test_shares_are_exact_and_the_roles_scattered() -> None:
    visits = plan(cancel_share=0.3, fail_share=0.2)
    roles = ["faulty" if v.ask.fault else "leaver" if v.leave else "listener" for v in visits]
    assert Counter(roles) == {"listener": 50, "leaver": 30, "faulty": 20}
    assert {v.ask.fault.name for v in visits if v.ask.fault} == {fault.name for fault in FAULTS}
    assert len({*roles[:20]}) == len({*roles[-20:]}) == 3
    assert [v.index for v in visits] == list(range(100))


def test_leavers_leave_before_and_after_the_first_byte() -> None:
    leaves = [v.leave for v in plan(cancel_share=1.0, fail_share=0.0) if v.leave]
    by_clock = [leave.after_s for leave in leaves if leave.after_s is not None]
    by_bytes = [leave.after_bytes for leave in leaves if leave.after_bytes is not None]
    assert len(by_clock) + len(by_bytes) == 100
    assert min(by_clock) < 0.05
    assert min(by_bytes) < 100
    assert max(by_bytes) > 50_000


def test_distinct_requests_are_shared_evenly_and_differ_in_everything() -> None:
    visits = plan(num_requests=1000, num_distinct=50, fail_share=0.0)
    uses = Counter(v.ask.key for v in visits)
    assert (len(uses), {*uses.values()}) == (50, {20})
    bodies = {v.ask.key: v.ask.body for v in visits}.values()
    assert len({body["seed"] for body in bodies}) == 50
    for name in ("voice", "input", "speed", "top_k", "temperature"):
        assert len({body[name] for body in bodies}) > 2
    assert {body["response_format"] for body in bodies} == {"pcm"}


def test_every_voice_is_heard_and_keeps_its_model() -> None:
    pairs = {(v.ask.body["model"], v.ask.body["voice"]) for v in plan(num_distinct=3, fail_share=0.0)}
    assert pairs == {("m", "ann"), ("m", "ben"), ("n", "eva")}


def test_options_of_a_request_are_drawn_for_each() -> None:
    choice = Choice(low_latency_share=0.25, ignore_eos=True, max_tokens=80)
    bodies = {v.ask.key: v.ask.body for v in plan(choice=choice, num_distinct=80, fail_share=0.0)}.values()
    assert sum(body.get("low_latency", False) for body in bodies) == 20
    assert all(body["ignore_eos"] and 20 <= body["max_tokens"] <= 80 for body in bodies)
    assert len({body["max_tokens"] for body in bodies}) > 10


def test_texts_range_from_a_word_to_several_sentences() -> None:
    rng = Random(1)
    for language, end in (("en", "."), ("zh", "。"), ("ja", "。"), ("figures", ".")):
        lengths = [draw_text(rng, language, 4).count(end) for _ in range(200)]
        assert min(lengths) <= 1
        assert max(lengths) >= 4


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en-GB", "en"), ("cmn", "zh"), ("cmn-Latn-pinyin", "figures"), ("sw", "figures"), ("fr", "fr")],
)
def test_a_voice_is_addressed_in_its_language_or_in_figures(tag: str, language: str) -> None:
    assert text_language(tag) == language


def test_japanese_is_in_kana() -> None:
    rng = Random(1)
    assert not any(re.search("[\u4e00-\u9fff]", draw_text(rng, "ja", 4)) for _ in range(50))


@pytest.mark.parametrize(
    ("choice", "pairs"),
    [
        (Choice(), ["m/ann/en-GB", "m/ben/de", "n/eva/sw"]),
        (Choice(models=("n",)), ["n/eva/sw"]),
        (Choice(voices=("eva", "ann")), ["n/eva/sw", "m/ann/en-GB"]),
        (Choice(models=("tuned",), voices=("ann",)), ["tuned/ann/en-GB"]),
        (Choice(voices=("ann", "tuned:ann")), ["m/ann/en-GB", "tuned/ann/en-GB"]),
        (Choice(voices=("ben+f2",)), ["m/ben+f2/de"]),
        (Choice(voices=("ann",), langs=("en", "zh")), ["m/ann/en!", "m/ann/zh!"]),
    ],
)
def test_voices_are_chosen_by_model_name_and_language(choice: Choice, pairs: list[str]) -> None:
    speakers = choose_speakers(CATALOGUE, choice)
    shown = [f"{s.model}/{s.voice}/{s.language}{'!' * s.states_language}" for s in speakers]
    assert shown == pairs


def test_a_language_that_is_named_is_sent() -> None:
    settings = IsolationSettings(LOCAL, crowd=Crowd(fail_share=0.0))
    bodies = [v.ask.body for v in make_plan(settings, [Speaker("m", "ann", "zh", states_language=True)])]
    assert {body["language"] for body in bodies} == {"zh"}
    assert all("language" not in visit.ask.body for visit in plan(fail_share=0.0))


@pytest.mark.parametrize("choice", [Choice(voices=("nobody",)), Choice(models=("nothing",))])
def test_who_is_not_there_cannot_be_chosen(choice: Choice) -> None:
    with pytest.raises(CannotRun):
        choose_speakers(CATALOGUE, choice)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Crowd(cancel_share=0.6, fail_share=0.6),
        lambda: Crowd(num_requests=0),
        lambda: Crowd(num_distinct=0),
        lambda: Choice(ignore_eos=True),
        lambda: Choice(max_tokens=10),
        lambda: Choice(low_latency_share=1.5),
        lambda: IsolationSettings(Target("http://127.0.0.1", audio_format="mp3")),
        lambda: IsolationSettings(LOCAL, solo_when="never"),  # type: ignore[arg-type]
    ],
)
def test_a_run_that_makes_no_sense_is_refused(make: Any) -> None:
    with pytest.raises(SettingsError):
        make()
