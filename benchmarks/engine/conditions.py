"""Under which conditions a run was made: machine, software, weights."""

from __future__ import annotations

import os
import platform
import subprocess
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

from tts_core.models.gpt_sovits.loaded_model import LoadedModel

_FLAGS = (
    "avx2",
    "f16c",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
    "i8mm",
    "sve",
)
_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "LD_PRELOAD")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CPU_INFO = Path("/proc/cpuinfo")
_ROOT = Path(__file__).parents[2]


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Return what the machine is, and how busy it was when the run began."""
    return {
        "began_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "cpu_flags": _cpu_flags(),
        "caches": _caches(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_average": round(os.getloadavg()[0], 2),
        "device": _device_name(device),
    }


def describe_software(threads: int) -> dict[str, Any]:
    """Return versions, threads, and the variables that change how torch computes."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": threads,
        "environment": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        **_commit(),
    }


def describe_model(model: LoadedModel, folder: Path) -> dict[str, Any]:
    """Return what was loaded, and how large each part is in memory, positions and tables included."""
    parts: dict[str, nn.Module] = {
        "t2s": model.t2s,
        "sovits": model.sovits,
        "generator": model.sovits.generator,
        "hubert": model.speech_features.hubert,
    }
    if model.phone_features is not None:
        parts["bert"] = model.phone_features.bert
    if model.speaker_encoder is not None:
        parts["speaker"] = model.speaker_encoder.network
    return {
        "folder": folder.name,
        "version": model.version,
        "fingerprint": model.fingerprint,
        "dtype": str(model.dtype).removeprefix("torch."),
        "bytes": {name: _num_bytes(part) for name, part in parts.items()},
        "modules": {name: _kinds(parts[name]) for name in ("t2s", "sovits")},
    }


def _num_bytes(module: nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in (*module.parameters(), *module.buffers()))


def _kinds(module: nn.Module) -> dict[str, int]:
    """Count modules without children by their class: it tells packed layers from plain ones."""
    leaves = (type(part).__name__ for part in module.modules() if not next(part.children(), None))
    return dict(sorted(Counter(leaves).items()))


def _cpu_model() -> str:
    return next(iter(_cpu_info("model name")), platform.processor() or platform.machine())


def _cpu_flags() -> list[str]:
    """Return those of the processor's flags that decide how products are computed."""
    words = set(" ".join(_cpu_info("flags") or _cpu_info("Features")).split())
    return [flag for flag in _FLAGS if flag in words]


def _cpu_info(name: str) -> list[str]:
    if not _CPU_INFO.exists():
        return []
    lines = (line.partition(":") for line in _CPU_INFO.read_text().splitlines())
    return [value.strip() for key, _, value in lines if key.strip() == name][:1]


def _caches() -> dict[str, str]:
    """Return the data caches of the first processor by level, as the kernel tells them."""
    found = {}
    for folder in sorted(_CACHES.glob("index*")):
        kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _commit() -> dict[str, Any]:
    """Return the checkout's commit, and whether anything was changed since; None outside a checkout."""
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", "tts_core", "benchmarks/engine")
    return {"commit": commit, "has_changes": None if commit is None else bool(changes)}


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(_ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
