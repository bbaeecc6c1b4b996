"""The text of a voice's recording, read as its model reads all texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tests.unit.voices.samples import encode, speech
from tts_core.frontend.pipeline import phonemize_prompt
from tts_core.frontend.protocol import READINGS
from tts_core.models.gpt_sovits.prompt import PromptEncoders, compute_prompt
from tts_core.voices import Upload, VoiceStore


def test_a_voices_text_is_read_as_its_model_reads(
    store: VoiceStore, load_encoders: Callable[[str], PromptEncoders]
) -> None:
    recording = Upload("me.wav", encode(speech(44_100, 3.0)[:, None], 44_100))
    voice = store.add("me", recording, "Dr. Hall & 34 friends", "en")
    read = {}
    for readings in READINGS:
        encoders = dataclasses.replace(load_encoders("v2"), readings=readings)
        phones = compute_prompt(voice, store, encoders).phones.tolist()
        assert phones == list(phonemize_prompt(voice.text, voice.language, "v2", readings).ids)
        read[encoders.fingerprint] = phones
    assert len(read) == len(READINGS)
