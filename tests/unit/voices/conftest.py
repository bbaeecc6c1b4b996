from __future__ import annotations

from pathlib import Path

import pytest

from tts_core.voices import VoiceStore


@pytest.fixture
def local(tmp_path: Path) -> VoiceStore:
    """A store in a folder of this machine."""
    return VoiceStore(tmp_path)
