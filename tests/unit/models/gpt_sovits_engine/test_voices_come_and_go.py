"""Several replicas' catalogues over one store, while voices are added and removed by the HTTP edge."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deployments.config import VoicesArgs
from deployments.http.voices.desk import VoiceDesk
from deployments.http.voices.upload import VoiceUpload
from tests.unit.http.voices.support import FORM, OTHER_WAV, WAV, NearDecoder
from tts_core.models.gpt_sovits.stored_voices import StoredVoices
from tts_core.voices import VoiceStore


def replica(folder: Path) -> StoredVoices:
    """Return a catalogue as a replica has one, which has just looked at the store."""
    parts = dict.fromkeys(("speech_features", "phone_features", "speaker_encoder"))
    sovits = SimpleNamespace(config=None, codebook=None)
    model = SimpleNamespace(name="mine", readings="natural", sovits=sovits, **parts)
    return StoredVoices(VoiceStore(folder), cast(Any, None), cast(Any, model))


def names(voices: StoredVoices) -> list[str]:
    return [info.id for info in voices.infos()]


def upload(wav: bytes) -> VoiceUpload:
    fields = {name: FORM[name] for name in ("name", "text", "language", "consent")}
    return VoiceUpload(audio=wav, **fields)


async def test_every_replica_knows_of_a_change_when_it_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoders = "tts_core.models.gpt_sovits.stored_voices.PromptEncoders"
    monkeypatch.setattr(encoders, lambda *_: SimpleNamespace(fingerprint=""))
    told: list[float] = []
    desk = VoiceDesk(
        VoiceStore(tmp_path),
        ("mine",),
        VoicesArgs(),
        takes_changes=True,
        on_change=lambda: told.append(time.monotonic()),
        decoder=cast(Any, NearDecoder()),
    )
    replicas = [replica(tmp_path) for _ in range(3)]
    assert [names(one) for one in replicas] == [[]] * 3

    first = await desk.add(upload(WAV), None)
    assert [names(one) for one in replicas] == [["me"]] * 3
    await desk.remove("me", None)
    assert [names(one) for one in replicas] == [[]] * 3
    second = await desk.add(upload(OTHER_WAV), None)
    assert [names(one) for one in replicas] == [["me"]] * 3
    assert first.voice.id != second.voice.id
    assert len(told) == 3
