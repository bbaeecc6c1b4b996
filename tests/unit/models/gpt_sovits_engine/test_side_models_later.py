"""BERT and HuBERT may be left for whoever needs them first: all others are spoken without them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import torch

from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request, speak_alone, until
from tts_core.engine import async_engine
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.memory import plan_memory
from tts_core.engine.shapes import Shapes
from tts_core.errors import EnginePoisoned, InvalidCheckpoint, MissingWeights
from tts_core.models.gpt_sovits import features
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.prompt import PromptEncoders
from tts_core.models.gpt_sovits.side_files import SideFiles
from tts_core.models.gpt_sovits.weights import WeightsPaths

CHINESE = request("你好，今天天气很好。", voice="bo", language="zh")


class Gate:
    """Lets nobody load BERT before it is opened; `error` is what it comes to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.reached = threading.Event(), threading.Event()
        self.error: Exception | None = None
        self._load = features._bert
        monkeypatch.setattr(features, "_bert", self._pass)

    def _pass(self, files: SideFiles, device: torch.device | str) -> features.Bert:
        self.reached.set()
        assert self.opened.wait(30)
        if self.error is not None:
            raise self.error
        return self._load(files, device)


@pytest.fixture
def own_paths(weights_of: Callable[[str], WeightsPaths], tmp_path: Path) -> WeightsPaths:
    """The same files in folders of this test's own: side models are shared by folder."""
    paths = weights_of("v2")
    folders = {name: tmp_path / name for name in ("hubert", "bert")}
    for name, folder in folders.items():
        shutil.copytree(getattr(paths, name), folder, copy_function=os.link)
    return dataclasses.replace(paths, **folders)


@pytest.fixture
def patient(own_paths: WeightsPaths) -> LoadedModel:
    return load_model(own_paths, "tiny", side_models_at_once=False)


@pytest.fixture
async def engine(patient: LoadedModel) -> AsyncIterator[BatchingEngine]:
    engine = new_engine(patient)
    await engine.start()
    yield engine
    await engine.stop()


def is_anything_loaded(model: LoadedModel) -> bool:
    assert model.phone_features is not None
    return model.speech_features.is_loaded or model.phone_features.is_loaded


async def test_who_needs_none_of_them_is_spoken_without(
    engine: BatchingEngine, patient: LoadedModel, model: LoadedModel
) -> None:
    assert await hear(engine.generate(request())) == speak_alone(model, request())
    assert not is_anything_loaded(patient)


async def test_who_waits_for_bert_keeps_nobody_else_waiting(
    monkeypatch: pytest.MonkeyPatch, engine: BatchingEngine, model: LoadedModel
) -> None:
    gate = Gate(monkeypatch)
    chinese = asyncio.create_task(hear(engine.generate(CHINESE)))
    assert await asyncio.to_thread(gate.reached.wait, 10)
    english = request(request_id="other")
    assert await asyncio.wait_for(hear(engine.generate(english)), 20) == speak_alone(model, english)
    assert not chinese.done()
    gate.opened.set()
    assert await asyncio.wait_for(chinese, 20) == speak_alone(model, CHINESE, "zh")


async def test_files_that_were_changed_since_the_start_are_not_loaded(
    engine: BatchingEngine, own_paths: WeightsPaths, model: LoadedModel
) -> None:
    """What is promised is the old ones' speech, and what they make of voices is kept under their name."""
    (own_paths.bert / "vocab.txt").write_text("new")
    with pytest.raises(InvalidCheckpoint, match="changed after"):
        await hear(engine.generate(CHINESE))
    assert await hear(engine.generate(request())) == speak_alone(model, request())


async def test_who_hangs_up_meanwhile_leaves_their_slot(
    monkeypatch: pytest.MonkeyPatch, engine: BatchingEngine
) -> None:
    gate = Gate(monkeypatch)
    stream = engine.generate(CHINESE)
    assert await asyncio.to_thread(gate.reached.wait, 10)
    stream.cancel()
    gate.opened.set()
    for number in range(engine.stats().num_slots):
        await hear(engine.generate(request(request_id=str(number))))
    engine.check_health()


async def test_a_model_that_cannot_be_loaded_fails_those_who_need_it(
    monkeypatch: pytest.MonkeyPatch, engine: BatchingEngine, model: LoadedModel
) -> None:
    gate = Gate(monkeypatch)
    gate.error = InvalidCheckpoint("the model in bert can't be read")
    gate.opened.set()
    for _ in range(2):
        with pytest.raises(InvalidCheckpoint, match="bert can't be read"):
            await hear(engine.generate(CHINESE))
    assert await hear(engine.generate(request())) == speak_alone(model, request())
    engine.check_health()


async def test_a_load_without_end_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, engine: BatchingEngine, patient: LoadedModel
) -> None:
    gate = Gate(monkeypatch)
    engine.check_health()
    stream = engine.generate(CHINESE)
    await until(lambda: patient.loading_for_s > 0)
    engine.check_health()  # for a while, it is none
    monkeypatch.setattr(async_engine, "LONGEST_LOAD_S", patient.loading_for_s)
    with pytest.raises(EnginePoisoned, match="a side model has been loading for more than"):
        engine.check_health()
    with pytest.raises(EnginePoisoned):
        await anext(stream)
    gate.opened.set()


def test_what_is_missing_is_missing_at_the_start(own_paths: WeightsPaths) -> None:
    (own_paths.bert / "config.json").unlink()
    with pytest.raises(MissingWeights, match="bert"):
        load_model(own_paths, "tiny", side_models_at_once=False)


def test_files_that_cannot_be_read_are_refused_at_the_start(own_paths: WeightsPaths) -> None:
    weights = own_paths.hubert / "pytorch_model.bin"
    weights.unlink()
    weights.write_bytes(b"no weights")
    with pytest.raises(InvalidCheckpoint, match="hubert"):
        load_model(own_paths, "tiny", side_models_at_once=False)


def test_there_is_to_be_room_for_them_from_the_start(patient: LoadedModel, model: LoadedModel) -> None:
    plan, loaded = (plan_memory(one, 2, 256, Shapes()) for one in (patient, model))
    later = [item for item in plan.items if item.name in ("HuBERT", "BERT")]
    assert [item.is_held for item in later] == [False, False]
    assert not {"HuBERT", "BERT"} & {item.name for item in loaded.items}
    assert loaded.num_bytes <= plan.num_bytes - plan.num_passing + loaded.num_passing < 1.3 * loaded.num_bytes
    for one in (plan, loaded):  # they are needed once, however many models there are
        one.check(one.num_missing + 3 * (loaded.num_missing + loaded.num_own), num_more=3)
    assert plan.num_missing > loaded.num_missing
    assert not is_anything_loaded(patient)


def test_voices_are_kept_under_one_name_whenever_what_reads_them_is_loaded(
    patient: LoadedModel, own_paths: WeightsPaths
) -> None:
    prints = {encoders_of(one).fingerprint for one in (patient, load_model(own_paths, "tiny"))}
    assert len(prints) == 1
    assert patient.fingerprint == load_model(own_paths, "tiny").fingerprint
    assert not is_anything_loaded(patient)


def encoders_of(model: LoadedModel) -> PromptEncoders:
    sovits = model.sovits
    return PromptEncoders(sovits.config, model.speech_features, sovits.codebook, model.phone_features)
