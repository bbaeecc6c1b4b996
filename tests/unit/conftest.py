"""Thousands of tests are collected, and live as long as the session."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest
from hypothesis import settings

# A machine with other work is no counterexample.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and keep it from looking at all that ever again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
