"""How much memory there is for the taking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import torch

_KIB = 1024


def free_memory(device: torch.device, gpu_share: float = 1.0, root: Path = Path("/")) -> int | None:
    """Return the bytes that may still be allocated on a device, or None where nobody can tell.

    On a CPU: what the system says is available, and no more than the control groups of this process leave. On
    a GPU: what is free on it, and no more than this process' share leaves.

    Args:
        gpu_share: how much of the GPU is this process', from 0 to 1.
        root: where the system's files are.
    """
    if device.type == "cuda":
        return _free_on_gpu(device, gpu_share)
    limits = [*_available(root), *_left_by_groups(root)]
    return max(min(limits), 0) if limits else None


def _free_on_gpu(device: torch.device, share: float) -> int:
    free, total = torch.cuda.mem_get_info(device)
    reserved, allocated = torch.cuda.memory_reserved(device), torch.cuda.memory_allocated(device)
    return max(min(free, int(share * total) - reserved), 0) + reserved - allocated


def _available(root: Path) -> Iterator[int]:
    figures = _figures(root / "proc/meminfo")
    if "MemAvailable:" in figures:
        yield figures["MemAvailable:"] * _KIB


def _left_by_groups(root: Path) -> Iterator[int]:
    """Yield what is left of every limit on this process (cgroup v2); cached files don't count as used."""
    for folder in _groups(root):
        limit, used = _text(folder / "memory.max"), _text(folder / "memory.current")
        if limit.isdigit() and used.isdigit():
            files = _figures(folder / "memory.stat")
            yield int(limit) - int(used) + files.get("active_file", 0) + files.get("inactive_file", 0)


def _groups(root: Path) -> Iterator[Path]:
    lines = _text(root / "proc/self/cgroup").splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    top = root / "sys/fs/cgroup"
    path = PurePosixPath(own.lstrip("/"))
    # In a container its own group may be mounted as the top one, and the path be that of the host.
    yield from dict.fromkeys(top / part for part in (path, *path.parents, PurePosixPath()))


def _figures(path: Path) -> dict[str, int]:
    """Return a file's lines of a name and a number."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:  # not this system, or not for us to see
        return ""
