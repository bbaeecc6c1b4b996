"""What models of each version make of a voice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.models.gpt_sovits_prompt.conftest import Computed, LoadEncoders
from tests.unit.models.gpt_sovits_prompt.same import same
from tests.unit.voices.samples import TEXT, encode, speech
from tts_core.audio.decoder import decode
from tts_core.errors import InvalidVoice
from tts_core.frontend.pipeline import phonemize
from tts_core.models.gpt_sovits.prompt import compute_prompt
from tts_core.models.gpt_sovits.spectrogram import reference_spectrogram
from tts_core.voices import Recording, RecordingLimits, Upload, Voice, VoiceStore


class Recordings:
    """Files that no store checked."""

    def __init__(self, *files: bytes) -> None:
        self.files = files

    def read_recording(self, voice: Voice, index: int = 0) -> bytes:
        return self.files[index]


def unchecked(text: str = TEXT, language: str = "en", count: int = 1) -> Voice:
    recordings = tuple(Recording(f"{index}.wav", "0" * 64, 1, 4.0) for index in range(count))
    return Voice("me", text, language, recordings)


@pytest.mark.parametrize("version", ["v1", "v2", "v2Pro"])
def test_features_have_the_shapes_that_models_read(
    version: str, load_encoders: LoadEncoders, voice: Voice, store: VoiceStore, computed: Computed
) -> None:
    encoders = load_encoders(version)

    features = computed(voice, store, encoders)

    # 3 s and 0.6 s of silence at 50 features a second, HuBERT's convolutions shortening the end.
    assert features.tokens.shape == (89,)
    assert features.tokens.dtype == torch.int64
    assert 0 <= int(features.tokens.min()) <= int(features.tokens.max()) < encoders.config.codebook_size
    assert [one.shape for one in features.spectrograms] == [(1025, 150), (1025, 75)]
    assert [one.shape for one in features.speakers] == ([(20480,)] * 2 if version == "v2Pro" else [])
    ids = phonemize(TEXT, "en", version).ids  # with the full stop that the voice's text lacks
    assert tuple(features.phones.tolist()) == ids
    assert torch.equal(features.bert, torch.zeros(1024, len(ids)))
    # What the style encoder and a caller outside of inference mode need.
    assert not any(one.is_inference() for one in (*features.spectrograms, features.tokens, features.bert))


def test_tokens_are_the_codebook_s_for_hubert_s_features(load_encoders: LoadEncoders) -> None:
    encoders, samples = load_encoders("v2"), speech(16_000, 3.0)
    source = Recordings(encode(samples, 16_000, "WAV", "FLOAT"))

    features = compute_prompt(unchecked(), source, encoders)

    expected = encoders.speech.tokens(torch.from_numpy(samples), encoders.codebook)
    assert torch.equal(features.tokens, expected)


def test_the_recording_s_rate_hardly_matters(load_encoders: LoadEncoders) -> None:
    encoders = load_encoders("v2")
    rates = (16_000, 32_000, 44_100, 96_000)
    found = [
        compute_prompt(unchecked(), Recordings(encode(speech(rate, 3.0), rate)), encoders) for rate in rates
    ]

    for other in (found[0], *found[2:]):
        difference = (other.spectrograms[0] - found[1].spectrograms[0]).norm()
        assert difference < 0.02 * found[1].spectrograms[0].norm()
        assert (other.tokens == found[1].tokens).float().mean() > 0.8


def test_a_spectrogram_is_the_model_s_of_the_recording_at_its_rate(load_encoders: LoadEncoders) -> None:
    encoders, samples = load_encoders("v2"), speech(32_000, 3.0)
    source = Recordings(encode(samples, 32_000, "WAV", "FLOAT"))

    [found] = compute_prompt(unchecked(), source, encoders).spectrograms

    assert torch.equal(found, reference_spectrogram(torch.from_numpy(samples), encoders.config)[0])


@pytest.mark.parametrize(("gain", "divisor"), [(1.0, 1.0), (3.0, 1.5), (8.0, 2.0)])
def test_a_recording_beyond_full_scale_is_quieted_once_for_spectrogram_and_speaker(
    load_encoders: LoadEncoders, gain: float, divisor: float
) -> None:
    """HuBERT hears it as it is: the reference reads that copy before it applies the rule."""
    encoders, samples = load_encoders("v2Pro"), speech(32_000, 1.5)
    loud = samples * np.float32(gain)
    source = Recordings(encode(loud, 32_000, "WAV", "FLOAT"))
    quieted = Recordings(encode(loud / np.float32(divisor), 32_000, "WAV", "FLOAT"))

    found = compute_prompt(unchecked(), source, encoders)

    plain = reference_spectrogram(torch.from_numpy(samples), encoders.config)[0] * gain / divisor
    torch.testing.assert_close(found.spectrograms[0], plain, atol=1e-3, rtol=1e-3)
    if gain < 8:  # the rule would halve the quieted copy again
        torch.testing.assert_close(
            found.speakers[0], compute_prompt(unchecked(), quieted, encoders).speakers[0]
        )


def test_a_speaker_is_heard_at_16_khz_through_the_model_s_rate(load_encoders: LoadEncoders) -> None:
    encoders = load_encoders("v2Pro")
    assert encoders.speaker is not None
    file = encode(speech(44_100, 1.5), 44_100)

    [found] = compute_prompt(unchecked(), Recordings(file), encoders).speakers

    at_32k = encode(decode(file, 32_000).samples, 32_000, "WAV", "FLOAT")
    heard = torch.from_numpy(decode(at_32k, 16_000).samples)
    assert torch.equal(found, encoders.speaker.embed(heard)[0])


def test_chinese_phones_have_features_and_english_ones_among_them_have_none(
    load_encoders: LoadEncoders,
) -> None:
    encoders = load_encoders("v2")
    assert encoders.phones is not None
    voice = unchecked("今天天气很好 OK 我们去公园", "zh")

    features = compute_prompt(voice, Recordings(encode(speech(), 32_000)), encoders)

    sequence = phonemize("今天天气很好 OK 我们去公园。", "zh", "v2")
    assert tuple(features.phones.tolist()) == sequence.ids
    assert {span.language for span in sequence.spans} == {"zh", "en"}
    for span in sequence.spans:
        found = features.bert[:, span.start : span.start + span.num_phones]
        if span.word2ph is None:
            assert not found.any()
        else:
            assert torch.equal(found, encoders.phones(span.text, span.word2ph).T)


def test_the_same_text_in_another_language_has_other_phones(load_encoders: LoadEncoders) -> None:
    """The reference keeps phones by the text alone, so the second language gets the first one's."""
    source, encoders = Recordings(encode(speech(), 32_000)), load_encoders("v2")

    zh, en = (compute_prompt(unchecked("今天 OK", one), source, encoders) for one in ("zh", "en"))

    assert zh.phones.tolist() != en.phones.tolist()


def test_without_bert_all_features_are_zeros(load_encoders: LoadEncoders) -> None:
    encoders = dataclasses.replace(load_encoders("v2"), phones=None)

    features = compute_prompt(unchecked("今天天气很好", "zh"), Recordings(encode(speech(), 32_000)), encoders)

    assert not features.bert.any()


def test_computing_twice_gives_the_same_bits(
    load_encoders: LoadEncoders, voice: Voice, store: VoiceStore, computed: Computed
) -> None:
    encoders = load_encoders("v2Pro")

    assert same(computed(voice, store, encoders), compute_prompt(voice, store, encoders))


def test_a_text_that_nobody_can_say_names_the_voice(load_encoders: LoadEncoders) -> None:
    source = Recordings(encode(speech(), 32_000))
    with pytest.raises(InvalidVoice, match="voice me"):
        compute_prompt(unchecked("你好", "en"), source, load_encoders("v2"))
    with pytest.raises(InvalidVoice, match="510 characters at most"):
        compute_prompt(unchecked("好" * 600, "zh"), source, load_encoders("v2"))


def test_a_recording_that_no_longer_decodes_names_the_file(load_encoders: LoadEncoders) -> None:
    with pytest.raises(InvalidVoice, match=r"voice me, recording 0\.wav"):
        compute_prompt(unchecked(), Recordings(b"no sound"), load_encoders("v2"))


def test_a_speaker_encoder_goes_with_the_pro_versions_alone(load_encoders: LoadEncoders) -> None:
    pro, plain = load_encoders("v2Pro"), load_encoders("v2")
    with pytest.raises(ValueError, match="v2Pro needs a speaker encoder"):
        dataclasses.replace(pro, speaker=None)
    with pytest.raises(ValueError, match="v2 needs no speaker encoder"):
        dataclasses.replace(plain, speaker=pro.speaker)


def test_the_shortest_recording_that_limits_allow_is_read(
    load_encoders: LoadEncoders, tmp_path: Path
) -> None:
    store = VoiceStore(tmp_path, RecordingLimits(min_duration_s=0.05))
    voice = store.add("me", Upload("me.wav", encode(speech(8_000, 0.1), 8_000)), TEXT, "en")

    assert len(compute_prompt(voice, store, load_encoders("v2Pro")).tokens) == 17


def test_the_fingerprint_follows_what_computes(
    load_encoders: LoadEncoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HuBERT's bits depend on the number of threads, as the engine's identity does."""
    encoders = load_encoders("v2")
    others = [dataclasses.replace(encoders, num_threads=2).fingerprint]
    for name in ("cpu", "versions"):
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(f"tts_core.models.gpt_sovits.fingerprint.{name}", lambda *_: "another one")
            others.append(dataclasses.replace(encoders).fingerprint)
    assert len({encoders.fingerprint, *others}) == 4


def test_the_fingerprint_follows_every_weight_and_the_precision(load_encoders: LoadEncoders) -> None:
    encoders = load_encoders("v2")
    print_of = dataclasses.replace(encoders).fingerprint
    assert print_of == encoders.fingerprint != load_encoders("v1").fingerprint
    assert dataclasses.replace(encoders, phones=None).fingerprint != print_of

    weight = next(iter(encoders.codebook.state_dict().values()))
    before = weight.clone()
    weight.view(-1)[-1] += 1
    changed = dataclasses.replace(encoders).fingerprint
    weight.copy_(before)

    assert changed != print_of
    assert dataclasses.replace(encoders).fingerprint == print_of
    encoders.codebook.half()
    halved = dataclasses.replace(encoders).fingerprint
    encoders.codebook.float()
    assert halved != print_of
