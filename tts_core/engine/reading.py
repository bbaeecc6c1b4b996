"""What the models are given of a sequence."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from tts_core.engine.model_runner import Row
from tts_core.engine.sampler import NoiseSource
from tts_core.engine.sequence import Sequence
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Part, Script
from tts_core.request import Returning
from tts_core.sampling_params import SamplingParams


def fill(sequence: Sequence, script: Script, part: Part, model: LoadedModel) -> None:
    """Put into a sequence what was read of it, and its tokens, if its listener brings them along."""
    listener, inputs = sequence.listener, part.inputs
    listener.script = script
    if listener.timeline.read_s is None:
        listener.timeline.read_s = time.monotonic()
    sequence.num_inputs, sequence.num_prompt = len(inputs), len(inputs.prompt)
    sequence.max_codes = script.most_tokens(len(inputs))
    sequence.num_dropped, sequence.words = part.num_dropped, part.words
    returning = _returning(sequence)
    num_known = returning.num_known if returning and returning.may_skip else 0
    sequence.vocoder = script.vocoder(part, model, num_known)
    sequence.codes = _known_codes(sequence, returning, model)
    if not sequence.codes:
        sequence.inputs, sequence.takes = inputs, script.takes(part)


def _returning(sequence: Sequence) -> Returning | None:
    """Return what the listener has of a sequence from another replica, if they have anything."""
    request = sequence.listener.request
    return request.returning if sequence.index == request.first_segment else None


def _known_codes(sequence: Sequence, returning: Returning | None, model: LoadedModel) -> list[int]:
    """Return a sequence's tokens if another replica has drawn them: they would be the same."""
    codes = returning.codes if returning else ()
    are_fit = len(codes) <= sequence.max_codes and all(0 <= code < model.t2s.config.eos for code in codes)
    return list(codes) if are_fit else []


def script_of(sequence: Sequence) -> Script:
    """Return the script of a prepared sequence's request."""
    script = sequence.listener.script
    assert script is not None, f"{sequence!r} was not prepared"
    return script


def inputs_of(sequence: Sequence) -> DecodeInputs:
    """Return what T2S reads, as long as not all tokens are there."""
    assert sequence.inputs is not None, f"{sequence!r} was not prepared, or is complete"
    return sequence.inputs


def source_of(sequence: Sequence) -> NoiseSource:
    """Return where the noise of its present take comes from."""
    take = sequence.takes.take if sequence.takes else 0
    return NoiseSource(script_of(sequence).request.seed, sequence.index, take)


def history_of(sequence: Sequence) -> tuple[SamplingParams, NoiseSource, Tensor]:
    """Return what its next draw depends on beside the model: settings, noise, and what was said so far.

    That is (Y,) tokens of its prompt, and its own: what a repetition would repeat.
    """
    prompt = inputs_of(sequence).prompt
    said = torch.cat((prompt, prompt.new_tensor(sequence.codes)))
    return script_of(sequence).sampling, source_of(sequence), said


def row_of(sequence: Sequence) -> Row:
    """Return a sequence's part in the next decode step."""
    sampling, slot = script_of(sequence).sampling, sequence.slot
    assert slot is not None
    num_codes = len(sequence.codes)
    return Row(
        slot=slot,
        token=sequence.codes[-1],
        position=sequence.num_inputs + num_codes - 1,
        audio_position=sequence.num_prompt + num_codes - 1,
        step=num_codes,
        may_end=not sampling.ignore_eos and num_codes >= sampling.min_tokens,
    )
