"""Cloned voices: a reference recording with its text, checked once, kept as an immutable artefact.

`VoiceStore` keeps voices in a folder or bucket that all nodes share; `check_recording` says why an upload
won't do. Nothing here knows a model: what a model makes of a voice is computed by the model's own package.
"""

from tts_core.voices.consent import Consent
from tts_core.voices.defaults import VoiceDefaults
from tts_core.voices.recording import EXTRA_LIMITS, RecordingLimits, Upload, check_recording
from tts_core.voices.store import DEFAULT_STORE, VoiceStore
from tts_core.voices.voice import Recording, Voice

__all__ = [
    "DEFAULT_STORE",
    "EXTRA_LIMITS",
    "Consent",
    "Recording",
    "RecordingLimits",
    "Upload",
    "Voice",
    "VoiceDefaults",
    "VoiceStore",
    "check_recording",
]
