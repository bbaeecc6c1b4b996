"""Memory: reckoned before it is taken, compared with what there is, and really taken at the start."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from deployments.config import ReplicaArgs
from deployments.engines import take_device
from tests.unit.models.gpt_sovits_engine.support import new_engine
from tts_core.engine import assembly
from tts_core.engine.free_memory import free_memory
from tts_core.engine.lazy_memory import LazyRows
from tts_core.engine.memory import GIB, Item, MemoryPlan, plan_host_memory, plan_memory
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.shapes import Shapes
from tts_core.engine.shelves import Shelves
from tts_core.errors import EngineStopped, SetupError
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import WeightsPaths

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
PLAN = MemoryPlan((Item("weights", GIB, is_held=True), Item("KV", 2 * GIB, "8 slots x 2048 positions")))


def item(plan: MemoryPlan, name: str) -> Item:
    return next(one for one in plan.items if one.name == name)


# The plan


def test_what_is_held_needs_no_room() -> None:
    PLAN.check(2 * GIB)
    PLAN.check(None)
    assert (PLAN.num_bytes, PLAN.num_missing) == (3 * GIB, 2 * GIB)


def test_a_refusal_shows_its_arithmetic() -> None:
    with pytest.raises(SetupError) as caught:
        PLAN.check(2 * GIB - 1)
    for part in ("3.0 GiB", "weights 1.0 GiB", "KV 8 slots x 2048 positions = 2.0 GiB", "lower num_slots"):
        assert part in caught.value.message


def test_the_cache_is_reckoned_as_it_will_be(model: LoadedModel) -> None:
    plan = plan_memory(model, 3, 256, Shapes())
    runner = ModelRunner(model.t2s, model.sovits.generator, 3, 256, Shapes())
    assert item(plan, "KV").num_bytes == runner.cache.keys.nbytes + runner.cache.values.nbytes
    config = model.t2s.config
    kib = 2 * config.num_layers * config.hidden_dim * 4 / 1024
    assert item(plan, "KV").how == f"3 slots x 256 positions x {kib:g} KiB"


@pytest.mark.parametrize(("has_amx", "count"), [(False, 1), (True, 0)])
def test_what_keys_and_values_are_widened_into_is_reckoned(
    model: LoadedModel, has_amx: bool, count: int
) -> None:
    half = dataclasses.replace(model, dtype=torch.bfloat16)
    with patch("tts_core.models.gpt_sovits.decode_attention._cpu_has_amx", lambda: has_amx):
        plan = plan_memory(half, 3, 32768, Shapes())
    found = [one.num_bytes for one in plan.items if one.name == "KV in float32"]
    config = model.t2s.config
    assert found == [2 * 32768 * config.hidden_dim * 4] * count


@pytest.mark.parametrize("num_shelves", [0, 3])
def test_shelves_are_reckoned_as_they_will_be(model: LoadedModel, num_shelves: int) -> None:
    plan = plan_memory(model, 3, 256, Shapes(), num_shelves)
    runner = ModelRunner(model.t2s, model.sovits.generator, 3, 256, Shapes(), 0.0, num_shelves)
    reckoned = [one for one in plan.items if one.name == "parked KV"]
    assert sum(one.num_bytes for one in reckoned) == runner.shelves._store.nbytes
    assert num_shelves * item(plan, "KV").num_bytes == 3 * runner.shelves._store.nbytes


def test_shelves_that_are_empty_are_promised_to_those_who_will_be_parked(model: LoadedModel) -> None:
    with_shelves, without = (plan_memory(model, 3, 256, Shapes(), count) for count in (3, 0))
    parked = item(with_shelves, "parked KV").num_bytes
    assert with_shelves.num_missing - without.num_missing == parked
    assert with_shelves.num_passing - without.num_passing == parked
    assert ", 0.2 GiB of it only at times (" in str(with_shelves)


def test_a_gpus_shelves_are_the_hosts(model: LoadedModel) -> None:
    on_gpu = dataclasses.replace(model, device=CUDA)
    assert "parked KV" not in {one.name for one in plan_memory(on_gpu, 3, 256, Shapes(), 3).items}
    host = plan_host_memory(on_gpu, 256, 3)
    on_cpu = item(plan_memory(model, 3, 256, Shapes(), 3), "parked KV")
    assert host.num_missing == host.num_bytes == on_cpu.num_bytes
    assert host.num_passing == 0
    assert plan_host_memory(on_gpu, 256, 0).num_bytes == 0


def test_a_step_of_more_rows_than_slots_is_reckoned(model: LoadedModel) -> None:
    few, many = (plan_memory(model, 1, 256, Shapes(min_rows=rows)) for rows in (2, 8))
    assert item(many, "KV").num_bytes == 4 * item(few, "KV").num_bytes
    assert item(many, "sampler").num_bytes == 4 * item(few, "sampler").num_bytes


def test_weights_count_in_their_precision(
    model: LoadedModel, weights_of: Callable[[str], WeightsPaths]
) -> None:
    half = load_model(weights_of("v2"), "half", torch.bfloat16)
    sizes = [item(plan_memory(one, 2, 256, Shapes()), "weights").num_bytes for one in (half, model)]
    parameters = sum(one.numel() for one in model.speech_features.hubert.parameters())
    assert 0.45 < sizes[0] / sizes[1] < 0.75  # some tables stay float32
    assert sizes[1] > 4 * parameters


def test_windows_that_are_batched_need_more(model: LoadedModel) -> None:
    few, many = (plan_memory(model, 2, 64, Shapes(window_rows=rows)) for rows in (1, 64))
    assert item(many, "workspace").num_bytes > item(few, "workspace").num_bytes


def test_a_longer_cache_needs_a_larger_workspace(model: LoadedModel) -> None:
    short, long = (plan_memory(model, 2, max_len, Shapes()) for max_len in (64, 2048))
    assert item(long, "workspace").num_bytes > item(short, "workspace").num_bytes


# At the start


async def test_an_engine_that_does_not_fit_allocates_nothing(model: LoadedModel) -> None:
    engine = new_engine(model)
    with (
        patch.object(assembly, "free_memory", return_value=5 * 2**20),
        patch.object(assembly, "ModelRunner", side_effect=AssertionError("allocated")),
        pytest.raises(SetupError, match=r"KV 4 slots x 2048 positions .* and 5 MiB is free"),
    ):
        await engine.start()
    with pytest.raises(EngineStopped):
        engine.check_health()


async def test_memory_that_runs_out_while_starting_is_a_setup_error(model: LoadedModel) -> None:
    engine = new_engine(model)
    error = torch.OutOfMemoryError("tried to allocate 2 GiB")
    with (
        patch.object(assembly, "warm_up", side_effect=error),
        pytest.raises(SetupError, match=r"weights .* tried to allocate 2 GiB"),
    ):
        await engine.start()


needs_account = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="needs Linux's account of memory"
)


@needs_account
def test_the_cache_is_there_before_it_is_used(model: LoadedModel) -> None:
    before = resident_bytes()
    runner = ModelRunner(model.t2s, model.sovits.generator, 16, 32768, Shapes())
    num_bytes = runner.cache.keys.nbytes + runner.cache.values.nbytes
    assert num_bytes > 2**25, "too small to tell from noise"
    assert resident_bytes() - before > 0.9 * num_bytes


@needs_account
def test_shelves_take_memory_for_what_is_on_them(model: LoadedModel) -> None:
    max_len = 32768
    cache = model.t2s.new_cache(1, max_len)
    cache.keys.fill_(1.0)
    cache.values.fill_(2.0)
    before = resident_bytes()
    shelves = Shelves(cache, 2)
    num_bytes = shelves._store.nbytes
    assert num_bytes > 2**25, "too small to tell from noise"
    assert is_zero(shelves._store)
    assert resident_bytes() - before < 0.1 * num_bytes
    for shelf in (0, 1):
        shelves.keep(shelf, 0, max_len // 2)
    assert 0.45 * num_bytes < resident_bytes() - before < 0.65 * num_bytes  # pages may be huge
    shelves.forget(1, 0.0)
    assert 0.2 * num_bytes < resident_bytes() - before < 0.35 * num_bytes
    assert is_zero(shelves._store[1])
    cache.keys.fill_(0.0)
    shelves.give_back(0, 0, max_len // 2)
    assert (cache.keys[:, :, :, : max_len // 2] == 1.0).all()


def test_room_that_there_is_not_is_memory_that_ran_out() -> None:
    with pytest.raises(torch.OutOfMemoryError, match="1125899906842624 bytes of the host's memory"):
        LazyRows(2, 2**48, torch.bfloat16)


def is_zero(store: torch.Tensor) -> bool:
    """Look at a piece at a time: what looking at all of it takes would be counted."""
    flat, size = store.flatten(), 2**14
    return not any(flat[start : start + size].any() for start in range(0, flat.numel(), size))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


# What there is


def fake_system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 4000 kB\n"}
GROUP = {
    "proc/self/cgroup": "12:cpu:/old\n0::/pods/one\n",
    "sys/fs/cgroup/pods/one/memory.max": "max\n",
    "sys/fs/cgroup/pods/one/memory.current": "1000\n",
}
LIMITED_PARENT = {
    "sys/fs/cgroup/pods/memory.max": "900000\n",
    "sys/fs/cgroup/pods/memory.current": "800000\n",
    "sys/fs/cgroup/pods/memory.stat": "anon 500000\ninactive_file 40000\nactive_file 2000\n",
}
TOP = {"sys/fs/cgroup/memory.max": "70000\n", "sys/fs/cgroup/memory.current": "80000\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        (MEMINFO, 4000 * 1024),
        (MEMINFO | GROUP, 4000 * 1024),
        (MEMINFO | GROUP | LIMITED_PARENT, 142000),
        (GROUP | LIMITED_PARENT, 142000),
        (MEMINFO | TOP, 0),
    ],
)
def test_the_least_that_any_limit_leaves_is_free(
    files: dict[str, str], expected: int | None, tmp_path: Path
) -> None:
    assert free_memory(CPU, root=fake_system(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("free", "share", "expected"),
    [
        (60 * GIB, 0.5, 31 * GIB),  # half of 80, less 10 that it holds, of which 1 is unused
        (60 * GIB, 1.0, 61 * GIB),
        (5 * GIB, 1.0, 6 * GIB),
        (60 * GIB, 0.1, 1 * GIB),
    ],
)
def test_a_gpu_leaves_what_is_free_within_the_share(free: int, share: float, expected: int) -> None:
    with (
        patch.object(torch.cuda, "mem_get_info", return_value=(free, 80 * GIB)),
        patch.object(torch.cuda, "memory_reserved", return_value=10 * GIB),
        patch.object(torch.cuda, "memory_allocated", return_value=9 * GIB),
    ):
        assert free_memory(CUDA, share) == expected


def test_a_gpu_also_holds_its_graphs(model: LoadedModel) -> None:
    on_gpu = dataclasses.replace(model, device=CUDA)
    here, there = (plan_memory(one, 2, 64, Shapes(window_rows=4)) for one in (model, on_gpu))
    assert item(there, "workspace").num_bytes > item(here, "workspace").num_bytes


# The share


def test_a_replica_is_held_to_its_share_of_a_gpu() -> None:
    with (
        patch.object(torch.cuda, "is_available", return_value=True),
        patch.object(torch.cuda, "set_per_process_memory_fraction") as limit,
    ):
        assert take_device(ReplicaArgs(gpus=0.25)) == CUDA
    limit.assert_called_once_with(0.25)


@pytest.mark.parametrize(("device", "has_gpu"), [("cpu", True), ("auto", False)])
def test_a_replica_on_a_cpu_has_no_share(device: str, has_gpu: bool) -> None:
    with (
        patch.object(torch.cuda, "is_available", return_value=has_gpu),
        patch.object(torch.cuda, "set_per_process_memory_fraction") as limit,
    ):
        assert take_device(ReplicaArgs.model_validate({"device": device})) == CPU
    limit.assert_not_called()


def test_a_gpu_that_is_not_there_is_said() -> None:
    with (
        patch.object(torch.cuda, "is_available", return_value=False),
        pytest.raises(SetupError, match="sees none"),
    ):
        take_device(ReplicaArgs(device="gpu"))
