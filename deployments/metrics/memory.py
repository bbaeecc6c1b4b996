"""Memory of this process, where the system tells."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_STATM = Path("/proc/self/statm")


def memory_bytes() -> dict[str, int]:
    """Return what is resident, and what PyTorch holds of a GPU; a kind that can't be told isn't there."""
    held: dict[str, int] = {}
    if _STATM.exists():  # Linux
        held["resident"] = int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    torch: Any = sys.modules.get("torch")  # never imported for this
    if torch is not None and torch.cuda.is_initialized():
        held["gpu"] = torch.cuda.memory_reserved()
    return held
