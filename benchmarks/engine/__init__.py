"""Measures the GPT-SoVITS engine in one process: by stages, against the machine's ceilings, and whole."""
