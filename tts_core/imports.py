"""Modules that stay for as long as the process does."""

from __future__ import annotations

import gc
import importlib
import sys


def import_for_good(*names: str) -> None:
    """Import modules without Python's garbage collector, and exempt from it what there is then.

    It would walk through all that PyTorch makes several times while that is made, which is a quarter of the
    import's CPU time, and again now and then for ever after.

    Raises:
        ImportError: one of them, or what it needs, isn't there.
    """
    if all(name in sys.modules for name in names):
        return  # what has been made since may well become garbage
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            importlib.import_module(name)
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
