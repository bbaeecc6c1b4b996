"""T2S against golden data: every case alone, and all of them in one batch, padded on either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.parity_checks import Check, Golden, close_tensor, same_tokens
from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.sampling import SamplingTensors, sample
from tts_core.models.gpt_sovits.t2s import T2S, Padding

_HEAD_DIM = 32
_GREEDY = (1, 1.0, 1.0, 1.35)
# top_k, top_p, temperature, repetition_penalty
_SAMPLED = {"a": (15, 1.0, 1.0, 1.35), "b": (5, 0.8, 0.7, 1.2), "c": (100, 0.95, 1.3, 1.0)}


@dataclass(frozen=True)
class Case:
    """One run of the reference: its inputs, its settings, its noise (steps, vocab), and what came out."""

    name: str
    phones: Tensor
    bert: Tensor
    prompt: Tensor
    settings: tuple[int, float, float, float]
    noise: Tensor
    tokens: Tensor
    logits: Tensor | None = None


def t2s_config(tensors: Mapping[str, Tensor]) -> T2SConfig:
    """Tell the sizes from the tensors; heads are 32 wide and EOS is the last token, as in every release."""
    vocab_size, hidden = tensors["model.ar_predict_layer.weight"].shape
    return T2SConfig(
        vocab_size=vocab_size,
        num_phones=tensors["model.ar_text_embedding.word_embeddings.weight"].shape[0],
        hidden_dim=hidden,
        num_heads=hidden // _HEAD_DIM,
        num_layers=sum(key.endswith("self_attn.in_proj_weight") for key in tensors),
        eos=vocab_size - 1,
    )


def golden_cases(golden: Golden) -> list[Case]:
    """Return the greedy cases, then the sampled ones, which are of case 0."""
    noise, prompt = golden["exp_noise"], golden["prompt"]
    cases = []
    for index in range(sum(name.startswith("greedy_tokens") for name in golden)):
        inputs = golden[f"phones{index}"], golden[f"bert{index}"].T, prompt
        tokens, logits = golden[f"greedy_tokens{index}"], golden[f"greedy_logits{index}"]
        cases.append(Case(f"greedy {index}", *inputs, _GREEDY, torch.ones_like(noise), tokens, logits))
    first = cases[0]
    for name, settings in _SAMPLED.items():
        inputs, tokens = (first.phones, first.bert, prompt), golden[f"sampled_{name}_tokens"]
        cases.append(Case(f"sampled {name}", *inputs, settings, noise, tokens))
    return cases


def check_t2s(model: T2S, golden: Golden, num_alone: int | None = None) -> list[Check]:
    """Run cases alone, then all together on either padding in mixed-up slots between poisoned ones.

    Args:
        num_alone: how many run alone, the greedy ones first; None for all.
    """
    cases = golden_cases(golden)
    checks = []
    for case in cases[:num_alone]:
        tokens, logits = run_cases(model, [case], [0])
        checks += _compare(f"alone, {case.name}", case, tokens[0], logits[0])
    slots = list(range(len(cases) + 1, 1, -1))
    for padding in ("right", "left"):
        tokens, logits = run_cases(model, cases, slots, padding)
        for row, case in enumerate(cases):
            checks += _compare(f"batched, {padding} padded, {case.name}", case, tokens[row], logits[row])
    return checks


@torch.inference_mode()
def run_cases(
    model: T2S, cases: Sequence[Case], slots: Sequence[int], padding: Padding = "right"
) -> tuple[Tensor, Tensor]:
    """Decode all cases together and return tokens (cases, steps) and raw logits (cases, steps, vocab).

    Slots that no case owns hold NaN throughout.
    """
    places, steps = torch.tensor(slots), len(cases[0].tokens)
    phone_lengths = torch.tensor([len(case.phones) for case in cases])
    prompt_lengths = torch.tensor([len(case.prompt) for case in cases])
    kv_len = int(phone_lengths.max() + prompt_lengths.max()) + steps
    cache = model.new_cache(max(slots) + 1, kv_len)
    free = [slot for slot in range(cache.num_slots) if slot not in slots]
    cache.fill(torch.tensor(free, dtype=torch.long), float("nan"))
    logits = model.prefill(
        _padded([case.phones for case in cases], padding),
        _padded([case.bert for case in cases], padding),
        _padded([case.prompt for case in cases], padding),
        phone_lengths, prompt_lengths, cache, places, padding,
    )  # fmt: skip
    seen, settings = _seen(cases, model.config.vocab_size), _settings(cases)
    no_eos = torch.zeros(len(cases), dtype=torch.bool)
    all_tokens, all_logits = [], []
    inputs = torch.zeros(3, cache.num_slots, dtype=torch.long)
    for step in range(steps):
        noise = torch.stack([case.noise[step] for case in cases])
        tokens = sample(logits, seen, noise, settings, model.config.eos, no_eos).tokens
        seen.scatter_(1, tokens.unsqueeze(1), value=True)
        all_tokens.append(tokens)
        all_logits.append(logits)
        audio = prompt_lengths + step
        inputs[:, places] = torch.stack((tokens, phone_lengths + audio, audio))
        logits = model.decode_step(inputs[0], inputs[1], inputs[2], cache, kv_len)[places]
    return torch.stack(all_tokens, 1), torch.stack(all_logits, 1)


def _compare(subject: str, case: Case, tokens: Tensor, logits: Tensor) -> list[Check]:
    checks = [same_tokens(subject, "tokens", tokens.tolist(), case.tokens.tolist())]
    if case.logits is not None:
        checks.append(close_tensor(subject, "logits", logits[: len(case.logits)], case.logits))
    return checks


def _padded(rows: Sequence[Tensor], padding: Padding) -> Tensor:
    longest = max(len(row) for row in rows)
    filled = []
    for row in rows:
        rest = row.new_zeros((longest - len(row), *row.shape[1:]))
        filled.append(torch.cat((row, rest) if padding == "right" else (rest, row)))
    return torch.stack(filled)


def _seen(cases: Sequence[Case], vocab_size: int) -> Tensor:
    seen = torch.zeros(len(cases), vocab_size, dtype=torch.bool)
    for row, case in zip(seen, cases, strict=True):
        row[case.prompt] = True
    return seen


def _settings(cases: Sequence[Case]) -> SamplingTensors:
    top_k, top_p, temperature, penalty = zip(*(case.settings for case in cases), strict=True)
    return SamplingTensors(
        torch.tensor(top_k), torch.tensor(top_p), torch.tensor(temperature), torch.tensor(penalty)
    )
