"""Polyvox: GPT-SoVITS voices as streaming speech, to many listeners at once."""

from tts_core import __version__ as __version__
