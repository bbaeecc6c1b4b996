"""What there is to compute with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from polyvox.checks.check import Check, ok, warning

PROBE_TIMEOUT_S = 30.0

# In a process of its own: torch takes seconds to load, and a broken driver may take the process with it.
_TORCH_PROBE = """
import json, torch
gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
print(json.dumps({
    "cuda": torch.version.cuda,
    "gpus": [{"name": gpu.name, "gib": round(gpu.total_memory / 2**30, 1)} for gpu in gpus],
    "gpu_bf16": bool(gpus) and torch.cuda.is_bf16_supported(),
    "cpu": torch.backends.cpu.get_cpu_capability(),
}))
"""


@dataclass(frozen=True)
class Gpus:
    """Graphics cards, as far as they can be used.

    Attributes:
        names: one for each card, with its memory.
        usable: whether the installed torch can compute on them.
        source: who told.
        bf16: whether they compute in bfloat16; None where nobody told.
        cpu_capability: the instruction set that torch uses on the CPU; None without torch.
        trouble: why the question could not be answered in full.
    """

    names: tuple[str, ...] = ()
    usable: bool = False
    source: str = "nvidia-smi"
    bf16: bool | None = None
    cpu_capability: str | None = None
    trouble: str | None = None


def find_gpus() -> Gpus:
    """Ask torch where it is installed, else nvidia-smi."""
    if find_spec("torch") is None:
        return _ask_nvidia_smi()
    told, trouble = _ask_torch()
    if told is None:
        seen = _ask_nvidia_smi()
        return Gpus(seen.names, False, seen.source, trouble=trouble)
    if not told["gpus"]:
        seen = _ask_nvidia_smi()
        return Gpus(seen.names, False, seen.source, cpu_capability=told["cpu"])
    names = tuple(f"{gpu['name']} ({gpu['gib']} GiB)" for gpu in told["gpus"])
    return Gpus(names, True, f"CUDA {told['cuda']}", told["gpu_bf16"], told["cpu"])


def check_gpus(gpus: Gpus) -> Check:
    if gpus.trouble:
        return warning("GPU", f"torch can't be asked: {gpus.trouble}")
    if not gpus.names:
        return ok("GPU", "none; engines run on the CPU")
    listed = ", ".join(gpus.names)
    if gpus.usable:
        return ok("GPU", f"{listed}, {gpus.source}, bfloat16 {'yes' if gpus.bf16 else 'no'}")
    if find_spec("torch") is None:
        return warning(
            "GPU", f"{listed}; without torch only the formant engine runs, and that computes on the CPU"
        )
    return warning("GPU", f"{listed}, but the installed torch can't use it: install torch's CUDA build")


def check_cpu(gpus: Gpus) -> Check:
    parts = [f"{num_cpus()} cores"]
    if gpus.cpu_capability is not None:
        parts.append(gpus.cpu_capability)
    bf16 = _cpu_bf16()
    if bf16 is not None:
        parts.append(f"bfloat16 instructions {'yes' if bf16 else 'no'}")
    return ok("CPU", ", ".join(parts))


def num_cpus() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ask_torch() -> tuple[dict[str, Any] | None, str | None]:
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _TORCH_PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=True,
        )
        return json.loads(answer.stdout.splitlines()[-1]), None
    except subprocess.CalledProcessError as failure:
        return None, (failure.stderr.strip().splitlines() or [f"exit status {failure.returncode}"])[-1]
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError) as failure:
        return None, str(failure)


def _ask_nvidia_smi() -> Gpus:
    command = shutil.which("nvidia-smi")
    if command is None:
        return Gpus()
    query = [command, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (subprocess.SubprocessError, OSError):
        return Gpus()
    return Gpus(tuple(line.strip() for line in answer.stdout.splitlines() if line.strip()))


def _cpu_bf16() -> bool | None:
    """Tell whether the CPU computes in bfloat16; None where the system doesn't say."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return "avx512_bf16" in text or "amx_bf16" in text or " bf16" in text
