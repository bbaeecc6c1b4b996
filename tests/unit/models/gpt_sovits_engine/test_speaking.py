"""One request, spoken without an engine: what it is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.models.gpt_sovits_engine.support import (
    NUM_TOKENS,
    PAUSE_SAMPLES,
    SAMPLES_PER_TOKEN,
    TEXT,
    Prompts,
    prompt_for,
    request,
    speak_again,
)
from tts_core.errors import EmptyInput, InputTooLong, UnsupportedLanguage
from tts_core.frontend.lexicon import Lexicon
from tts_core.models.gpt_sovits.conditioning import (
    Piece,
    decode_inputs,
    phone_features,
    pieces_of,
    read_piece,
    sayable,
    style_of,
)
from tts_core.models.gpt_sovits.decoding import TokenDecoder, check_fits, most_tokens
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.noise import Purpose, exponential
from tts_core.models.gpt_sovits.sampling import SamplingTensors, sample
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.models.gpt_sovits.speaking import Utterance
from tts_core.models.gpt_sovits.t2s_oracle import next_logits
from tts_core.models.gpt_sovits.weights import VERSIONS
from tts_core.request import Segment
from tts_core.sampling_params import SamplingParams

ModelOf = Callable[[str], LoadedModel]


def segments(*texts: str) -> tuple[Segment, ...]:
    return tuple(Segment(index, text) for index, text in enumerate(texts))


# The request as a whole


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_speaks_the_same_twice(version: str, model_of: ModelOf) -> None:
    first = speak_again(model_of(version), request())
    assert len(first) // 2 == 2 * NUM_TOKENS * SAMPLES_PER_TOKEN + PAUSE_SAMPLES
    assert np.frombuffer(first, "<i2").std() > 10
    assert speak_again(model_of(version), request()) == first


def test_between_segments_lies_a_pause_and_none_after_the_last(model: LoadedModel) -> None:
    samples = np.frombuffer(speak_again(model, request()), "<i2")
    spoken = NUM_TOKENS * SAMPLES_PER_TOKEN
    assert not samples[spoken : spoken + PAUSE_SAMPLES].any()
    assert samples[spoken - 200 : spoken].any()
    assert samples[-200:].any()


def test_seed_voice_text_speed_and_settings_decide_the_audio(model: LoadedModel) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"seed": 8},
        {"voice": "bo"},
        {"segments": segments("Something else is said here.", TEXT[1])},
        {"speed": 1.25},
        {"sampling": SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS, temperature=0.5)},
    ]
    assert len({speak_again(model, request(**change)) for change in changes}) == len(changes)


def test_a_segment_sounds_the_same_whatever_follows_it(model: LoadedModel) -> None:
    alone = speak_again(model, request(TEXT[0]))
    assert speak_again(model, request()).startswith(alone)


def test_equal_segments_of_a_request_have_noise_of_their_own(model: LoadedModel) -> None:
    both = speak_again(model, request(TEXT[0], TEXT[0]))
    spoken = 2 * NUM_TOKENS * SAMPLES_PER_TOKEN
    assert both[:spoken] != both[-spoken:]


def test_low_latency_is_as_long_and_as_deterministic_but_not_the_same(model: LoadedModel) -> None:
    wanted = request(low_latency=True)
    early = speak_again(model, wanted)
    assert speak_again(model, wanted) == early
    assert len(early) == len(speak_again(model, request()))
    assert early != speak_again(model, request())


def test_double_speed_takes_half_the_time(model: LoadedModel) -> None:
    fast = speak_again(model, request(TEXT[0], speed=2.0))
    assert len(fast) // 2 == (NUM_TOKENS + 1) * SAMPLES_PER_TOKEN // 2


# Text


def test_short_segments_join_the_next_and_a_short_last_one_the_one_before() -> None:
    pieces = pieces_of(segments("Oh. ", "That is a fine thing. ", "No."), "en")
    assert pieces == [".Oh. That is a fine thing. No."]


def test_pieces_get_an_end_mark_and_shield_a_short_first_clause() -> None:
    assert pieces_of(segments("Nothing ends this"), "en") == ["Nothing ends this."]
    assert pieces_of(segments("对，我们走吧"), "zh") == ["。对，我们走吧。"]


def test_chinese_phones_have_berts_features_and_english_ones_have_zeros(model: LoadedModel) -> None:
    sequence = read_piece("你好世界 hello。", "zh", model)
    features = phone_features(sequence, model)
    assert features.shape == (len(sequence), 1024)
    for span in sequence.spans:
        rows = features[span.start : span.start + span.num_phones]
        assert rows.any(dim=1).all() if span.language == "zh" else not rows.any()
    assert {span.language for span in sequence.spans} == {"zh", "en"}


def test_chinese_without_bert_is_refused(model: LoadedModel) -> None:
    bare = dataclasses.replace(model, phone_features=None)
    with pytest.raises(UnsupportedLanguage, match="BERT"):
        read_piece("你好世界。", "zh", bare)
    assert speak_again(bare, request(TEXT[0])) == speak_again(model, request(TEXT[0]))


def test_the_prompt_comes_before_the_text(model: LoadedModel) -> None:
    prompt, sequence = prompt_for(model, 0), read_piece(TEXT[0], "en", model)
    inputs = decode_inputs(sequence, prompt, model)
    assert inputs.phones.tolist() == [*prompt.phones, *sequence.ids]
    assert torch.equal(inputs.bert[: len(prompt.phones)], prompt.bert.T)
    assert not inputs.bert[len(prompt.phones) :].any()


@pytest.mark.parametrize("version", ["v2", "v2Pro"])
def test_every_reference_counts(version: str, model_of: ModelOf) -> None:
    model = model_of(version)
    one, two = prompt_for(model, 0, 1), prompt_for(model, 0, 2)
    assert not torch.equal(style_of(one, model).audio, style_of(two, model).audio)


def test_what_a_text_lacks_shows_before_the_first_audio(model: LoadedModel) -> None:
    wanted = request("สวัสดี", "... ?")
    utterance = Utterance(
        wanted, "auto", model, TokenDecoder(model.t2s, 2048), Prompts(model), SpeakingOptions()
    )
    with pytest.raises(EmptyInput):
        next(pcm for pcm in utterance.speak() if pcm)


def test_a_language_that_the_version_lacks_shows_before_the_first_audio(model: LoadedModel) -> None:
    pieces = ["A good sentence comes first.", "안녕하세요"]
    assert sayable(pieces, "auto", "v2", Lexicon("auto")) == [Piece(text, 0) for text in pieces]
    with pytest.raises(UnsupportedLanguage):
        sayable(pieces, "auto", "v1", Lexicon("auto"))


def test_a_sentence_that_takes_long_to_say_becomes_several(model: LoadedModel) -> None:
    text = "今天天气很好我们去公园" * 20
    pieces = pieces_of([Segment(0, text)], "zh")
    assert len(pieces) > 2
    assert "".join(pieces).strip("。") == text
    assert max(map(len, pieces)) <= 81


def test_too_long_for_the_decoder_is_refused_before_the_first_audio(model: LoadedModel) -> None:
    decoder = TokenDecoder(model.t2s, NUM_TOKENS + 80)
    wanted = request("This one is very much longer than there is room for. " * 4)
    utterance = Utterance(wanted, "en", model, decoder, Prompts(model), SpeakingOptions())
    with pytest.raises(InputTooLong):
        next(pcm for pcm in utterance.speak() if pcm)


def test_more_than_bert_takes_is_refused(model: LoadedModel) -> None:
    with pytest.raises(InputTooLong, match="BERT"):
        read_piece("二" * 511, "zh", model)


# Tokens


def tokens_of(model: LoadedModel, params: SamplingParams, decoder: TokenDecoder | None = None) -> list[int]:
    inputs = decode_inputs(read_piece(TEXT[0], "en", model), prompt_for(model, 0), model)
    decoder = decoder or TokenDecoder(model.t2s, 2048)
    return list(decoder.decode(inputs, params, seed=7, segment=0))


def oracle_tokens(model: LoadedModel, params: SamplingParams) -> list[int]:
    """The same without cache, one sequence, everything computed again at each step."""
    inputs = decode_inputs(read_piece(TEXT[0], "en", model), prompt_for(model, 0), model)
    settings = SamplingTensors(
        torch.tensor([params.top_k]),
        torch.tensor([params.top_p]),
        torch.tensor([params.temperature]),
        torch.tensor([params.repetition_penalty]),
    )
    said, zero = inputs.prompt, torch.zeros(1, dtype=torch.long)
    for step in range(params.max_tokens):
        logits = next_logits(model.t2s, inputs.phones, inputs.bert, said)[None]
        seen = torch.zeros(1, 1025, dtype=torch.bool).index_fill_(1, said, value=True)
        noise = exponential(zero + 7, zero, Purpose.SAMPLE, zero + step, 1025)
        may_end = torch.tensor([not params.ignore_eos and step >= params.min_tokens])
        drawn = sample(logits, seen, noise, settings, model.t2s.config.eos, may_end)
        if model.t2s.config.eos in (int(drawn.tokens), int(drawn.greedy)):
            break
        said = torch.cat((said, drawn.tokens))
    return said[len(inputs.prompt) :].tolist()


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(ignore_eos=True, max_tokens=70),
        SamplingParams(ignore_eos=True, max_tokens=40, top_k=100, top_p=0.9, temperature=1.5),
        SamplingParams(max_tokens=120, top_k=1025, temperature=2.0, repetition_penalty=3.0),
    ],
)
def test_tokens_are_the_oracles(model: LoadedModel, params: SamplingParams) -> None:
    assert tokens_of(model, params) == oracle_tokens(model, params)


class Eager:
    """A T2S that would always say that speech ends."""

    def __init__(self, model: LoadedModel) -> None:
        self._t2s = model.t2s

    def __getattr__(self, name: str) -> object:
        return getattr(self._t2s, name)

    def _ending(self, logits: torch.Tensor) -> torch.Tensor:
        ended = logits.clone()
        ended[:, self._t2s.config.eos] = 1e3
        return ended

    def prefill(self, *inputs: object) -> torch.Tensor:
        return self._ending(self._t2s.prefill(*inputs))  # type: ignore[arg-type]

    def decode_step(self, *inputs: object) -> torch.Tensor:
        return self._ending(self._t2s.decode_step(*inputs))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (SamplingParams(), 11),
        (SamplingParams(min_tokens=3), 3),
        (SamplingParams(min_tokens=30, max_tokens=40), 30),
        (SamplingParams(ignore_eos=True, max_tokens=25), 25),
    ],
)
def test_speech_ends_when_it_may(model: LoadedModel, params: SamplingParams, expected: int) -> None:
    eager = TokenDecoder(Eager(model), 2048)  # type: ignore[arg-type]
    assert len(tokens_of(model, params, eager)) == expected


def test_a_decoder_left_early_starts_afresh(model: LoadedModel) -> None:
    decoder, params = TokenDecoder(model.t2s, 2048), SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS)
    inputs = decode_inputs(read_piece(TEXT[1], "en", model), prompt_for(model, 1), model)
    left = decoder.decode(inputs, params, seed=1, segment=0)
    next(left)
    with pytest.raises(RuntimeError, match="one segment at a time"):
        next(decoder.decode(inputs, params, seed=1, segment=0))
    left.close()
    assert tokens_of(model, params, decoder) == tokens_of(model, params)


def test_numbers_that_are_not_finite_are_an_error_and_leave_no_trace(model: LoadedModel) -> None:
    decoder, params = TokenDecoder(model.t2s, 2048), SamplingParams(ignore_eos=True, max_tokens=NUM_TOKENS)
    inputs = decode_inputs(read_piece(TEXT[1], "en", model), prompt_for(model, 1), model)
    poisoned = dataclasses.replace(inputs, bert=torch.full_like(inputs.bert, torch.nan))
    with pytest.raises(FloatingPointError):
        list(decoder.decode(poisoned, params, seed=1, segment=0))
    assert tokens_of(model, params, decoder) == tokens_of(model, params)


@pytest.mark.parametrize(
    ("params", "num_inputs", "allowed"),
    [
        (SamplingParams(), 500, 1500),
        (SamplingParams(), 1348, 700),
        (SamplingParams(max_tokens=100), 1948, 100),
        (SamplingParams(ignore_eos=True), 548, 1500),
    ],
)
def test_a_segment_may_say_as_much_as_there_is_room_for(
    params: SamplingParams, num_inputs: int, allowed: int
) -> None:
    check_fits(num_inputs, params, 2048)
    assert most_tokens(num_inputs, params, 2048) == allowed


@pytest.mark.parametrize(
    ("params", "num_inputs"),
    [
        (SamplingParams(), 1349),
        (SamplingParams(max_tokens=100), 1949),
        (SamplingParams(ignore_eos=True), 549),
        (SamplingParams(min_tokens=1200), 849),
    ],
)
def test_what_leaves_too_little_room_is_refused(params: SamplingParams, num_inputs: int) -> None:
    with pytest.raises(InputTooLong):
        check_fits(num_inputs, params, 2048)
