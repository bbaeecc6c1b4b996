"""Modules are imported once, without the collector, which then leaves them alone."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_core.imports import import_for_good

SOURCE = "import gc\nWAS_ENABLED = gc.isenabled()\nCYCLE = []\nCYCLE.append(CYCLE)\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that nobody has imported."""
    name = "made_for_this_test"
    (tmp_path / f"{name}.py").write_text(SOURCE, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)
    gc.unfreeze()


def test_the_collector_rests_meanwhile_and_leaves_alone_what_was_made(module: str) -> None:
    before = gc.get_freeze_count()
    import_for_good(module)
    assert not sys.modules[module].WAS_ENABLED
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_what_is_made_later_is_left_to_the_collector(module: str) -> None:
    import_for_good(module)
    gc.unfreeze()
    import_for_good(module)
    assert gc.get_freeze_count() == 0


def test_a_module_that_isnt_there_leaves_the_collector_at_work() -> None:
    with pytest.raises(ModuleNotFoundError, match="nobody_has_this"):
        import_for_good("nobody_has_this")
    assert gc.isenabled()


def test_whoever_works_without_the_collector_goes_on_so(module: str) -> None:
    gc.disable()
    try:
        import_for_good(module)
        assert not gc.isenabled()
    finally:
        gc.enable()
