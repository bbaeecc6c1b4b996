"""Polyvox: GPT-SoVITS voices as streaming speech, to many listeners at once."""

__version__ = "0.1.0"
