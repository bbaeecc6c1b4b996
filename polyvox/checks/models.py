"""Whether the models of the configuration are there, and how many of them this machine can hold."""

from __future__ import annotations

import os

from deployments.config import GPTSoVITSArgs
from deployments.engines import model_paths
from polyvox.checks.check import Check, error, ok
from polyvox.checks.serving import Plan
from tts_core.errors import PolyvoxError
from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint, symbol_table
from tts_core.models.gpt_sovits.weights import WeightsPaths

_NAME = "models"
_GIB = 2**30


def check_models(planned: Plan) -> Check:
    """Look at the tables of contents of every model's files. Memory is a lower bound: their weights alone."""
    entries = [engine for engine in planned.engines if isinstance(engine, GPTSoVITSArgs)]
    if not entries:
        return ok(_NAME, "none of GPT-SoVITS is configured")
    findings = [_check_entry(entry) for entry in entries]
    bad = next((finding for finding in findings if finding.level != "ok"), None)
    return bad or ok(_NAME, "; ".join(finding.detail for finding in findings))


def _check_entry(args: GPTSoVITSArgs) -> Check:
    try:
        sizes = [_weights_bytes(args, name) for name in args.model_names]
    except PolyvoxError as failure:
        return error(_NAME, failure.message)
    count = args.max_loaded_models
    needed, there = sum(sorted(sizes)[-count:]), _memory_bytes()
    held = f"{count} of {len(sizes)} at once: {needed / _GIB:.1f} GiB of weights in each replica at least"
    if needed > there and args.replica.device == "cpu":
        limit = f"this machine has {there / _GIB:.1f} GiB: lower max_loaded_models of {args.name}"
        return error(_NAME, f"{held}, and {limit}")
    return ok(_NAME, f"{', '.join(args.model_names)} ({held})")


def _weights_bytes(args: GPTSoVITSArgs, name: str) -> int:
    """Return what a model's own weights take.

    Raises:
        PolyvoxError: its files are missing, damaged, or don't speak together.
    """
    try:
        return _num_parameters(model_paths(args.models[name])) * _bytes_per_value(args)
    except PolyvoxError as failure:
        raise PolyvoxError(f"{name} can't be loaded: {failure.message}") from failure


def _num_parameters(paths: WeightsPaths) -> int:
    t2s, sovits = inspect_checkpoint(paths.t2s), inspect_checkpoint(paths.sovits)
    for found, kind in ((t2s, "t2s"), (sovits, "sovits")):
        if found.kind != kind or not found.is_supported:
            raise PolyvoxError(f"{found.path} is {found.kind} {found.version}, not a {kind} that can speak")
    if t2s.version != symbol_table(sovits.version):
        raise PolyvoxError(
            f"{t2s.path} ({t2s.version}) and {sovits.path} ({sovits.version}) don't speak together"
        )
    return t2s.num_parameters + sovits.num_parameters


def _bytes_per_value(args: GPTSoVITSArgs) -> int:
    return 4 if args.precision == "float32" else 2


def _memory_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
