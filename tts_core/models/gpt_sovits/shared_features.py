"""The side models, once in a process: models that differ in their own checkpoints listen and read alike.

They are most of what a model weighs, and never change once they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from tts_core.models.gpt_sovits.features import (
    PhoneFeatures,
    SpeechFeatures,
    load_phone_features,
    load_speech_features,
)
from tts_core.models.gpt_sovits.fingerprint import folder_state

_Features = TypeVar("_Features", SpeechFeatures, PhoneFeatures)

_lock = Lock()
_speech: WeakValueDictionary[Hashable, SpeechFeatures] = WeakValueDictionary()
_phones: WeakValueDictionary[Hashable, PhoneFeatures] = WeakValueDictionary()


def shared_speech_features(
    folder: Path, dtype: torch.dtype, device: torch.device, *, at_once: bool = True
) -> SpeechFeatures:
    """Return HuBERT as `load_speech_features` does, loaded by whoever came first, while anyone holds it."""
    return _shared(_speech, load_speech_features, folder, dtype, device, at_once)


def shared_phone_features(
    folder: Path, dtype: torch.dtype, device: torch.device, *, at_once: bool = True
) -> PhoneFeatures:
    """The same for BERT and `load_phone_features`."""
    return _shared(_phones, load_phone_features, folder, dtype, device, at_once)


def _shared(
    held: WeakValueDictionary[Hashable, _Features],
    load: Callable[..., _Features],
    folder: Path,
    dtype: torch.dtype,
    device: torch.device,
    at_once: bool,
) -> _Features:
    with _lock:
        key = (_content(folder), dtype, str(device), at_once)
        features = held.get(key)
        if features is None:
            features = held[key] = load(folder, dtype, device, at_once=at_once)
        return features


def _content(folder: Path) -> Hashable:
    """Return what changes when files of a folder do: a folder of other weights has other features."""
    return folder.resolve(), folder_state(folder)
