"""Operations and bytes: against numbers worked out by hand, and against what torch counts and holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel, HubertConfig, HubertModel

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.engine.reading_work import bert_work, hubert_work
from benchmarks.engine.sovits_work import generator_work, latents_work, style_work
from benchmarks.engine.t2s_work import decode_work, prefill_work, t2s_weight_bytes
from benchmarks.engine.work import Attention, Ceilings, Product, Roofline, Work, work_of
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.sovits import SoVITS, Style
from tts_core.models.gpt_sovits.t2s import T2S

ITEM_BYTES = 2
SMALL_T2S = T2SConfig(vocab_size=10, num_phones=5, hidden_dim=8, num_heads=2, num_layers=3, eos=9, bert_dim=4)
SMALL_SOVITS = SoVITSConfig(
    version="v2",
    sample_rate_hz=32000,
    fft_samples=2048,
    hop_samples=2,
    latent_channels=4,
    hidden_channels=4,
    ffn_channels=8,
    num_heads=2,
    num_layers=2,
    kernel_size=3,
    resblock_kernels=(3,),
    resblock_dilations=((1,),),
    upsample_rates=(2,),
    upsample_kernels=(4,),
    upsample_channels=8,
    style_channels=6,
    num_symbols=732,
    reference_bins=704,
    mrte_channels=6,
)


def test_a_product_and_an_attention() -> None:
    work = work_of([Product(3, 5, 7, taps=2, rate=4), Attention(pairs=6, channels=10)], ITEM_BYTES, 11)
    assert work == Work(
        flops=2 * 3 * 5 * 2 * 7 + 4 * 6 * 10,
        weight_bytes=3 * 5 * 2 * 2,
        state_bytes=11 * 2,
        activation_bytes=(3 + 5 * 4) * 7 * 2,
    )
    assert work.bytes == 60 + 22
    assert work + work == Work(1320, 120, 44, 644)


def test_a_decode_step_by_hand() -> None:
    # 3 layers of 12 x 8 x 8 weights, and 8 x 10 to the vocabulary.
    work = decode_work(SMALL_T2S, rows=2, kv_len=5, item_bytes=ITEM_BYTES)
    assert work.weight_bytes == (3 * 768 + 80) * 2
    assert work.flops == 2 * 2 * (3 * 768 + 80) + 4 * 2 * 5 * 8 * 3
    assert work.state_bytes == 2 * 2 * 5 * 8 * 3 * 2
    assert work.activation_bytes == (3 * (32 + 16 + 40 + 40) + 18) * 2 * 2
    assert t2s_weight_bytes(SMALL_T2S, ITEM_BYTES) == work.weight_bytes


def test_a_prompt_by_hand() -> None:
    # Of 3 phones and 2 tokens, phones look at 3 each, the first token at 4 and the second at 5.
    work = prefill_work(SMALL_T2S, num_phones=3, num_prompt=2, item_bytes=ITEM_BYTES)
    assert work.flops == 2 * 5 * 3 * 768 + 2 * 80 + 2 * 3 * 32 + 4 * (9 + 4 + 5) * 3 * 8
    assert work.weight_bytes == (3 * 768 + 80 + 32) * 2
    assert work.state_bytes == 2 * 5 * 8 * 3 * 2


def test_the_generator_by_hand() -> None:
    work = generator_work(SMALL_SOVITS, frames=10, item_bytes=ITEM_BYTES)
    pre, style, up, block, post = 4 * 8 * 7, 6 * 8, 8 * 4 * 4, 2 * 4 * 4 * 3, 4 * 7
    assert work.weight_bytes == (pre + style + up + block + post) * 2
    assert work.flops == 2 * ((pre + up) * 10 + style + (block + post) * 20)


def counted_flops(function: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function()
    return int(counter.get_total_flops())


def num_weights(*modules: nn.Module) -> int:
    kinds = (nn.Linear, nn.Conv1d, nn.ConvTranspose1d)
    return sum(
        part.weight.numel() for module in modules for part in module.modules() if isinstance(part, kinds)
    )


@pytest.fixture
def t2s() -> T2S:
    with torch.device("meta"):
        return T2S(T2SConfig.from_checkpoint(t2s_config("v2")))


@pytest.fixture(params=["v2", "v2ProPlus"])
def sovits(request: pytest.FixtureRequest) -> SoVITS:
    config = SoVITSConfig.from_checkpoint(sovits_config(request.param), request.param)
    with torch.device("meta"):
        return SoVITS(config)


def empty(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta")


def test_t2s_has_the_weights_that_are_counted(t2s: T2S) -> None:
    assert prefill_work(t2s.config, 1, 1, 1).weight_bytes == num_weights(t2s)
    assert t2s_weight_bytes(t2s.config, 1) == num_weights(t2s.layers, t2s.predict)


def test_sovits_has_the_weights_that_are_counted(sovits: SoVITS) -> None:
    config = sovits.config
    assert generator_work(config, 1, 1).weight_bytes == num_weights(sovits.generator)
    assert latents_work(config, 1, 1, 1).weight_bytes == num_weights(sovits.text_encoder, sovits.flow)
    assert style_work(config, 1, 1).weight_bytes == num_weights(sovits.style.spectral)


def test_torch_counts_the_same_in_each_frame_of_the_generator(sovits: SoVITS) -> None:
    config = sovits.config

    def counted(frames: int) -> int:
        latents, style = empty(1, config.latent_channels, frames), empty(1, config.style_channels, 1)
        return counted_flops(lambda: sovits.generator(latents, style))

    # What margins take is the same for any number of frames, and isn't counted.
    expected = generator_work(config, 30, 1).flops - generator_work(config, 20, 1).flops
    assert counted(30) - counted(20) == expected


def test_torch_counts_the_same_in_the_latents(sovits: SoVITS) -> None:
    config, num_codes, num_phones = sovits.config, 20, 15
    frames = 2 * num_codes
    features, phones = empty(1, config.ssl_channels, frames), empty(1, num_phones).long()
    mask, text_mask = empty(1, 1, frames), empty(1, 1, num_phones)
    style = Style(audio=empty(1, config.style_channels, 1), text=empty(1, config.mrte_channels, 1))

    def compute() -> None:
        hidden = sovits.text_encoder(features, mask, phones, text_mask, style.text)
        mean, _ = sovits.text_encoder.prior(hidden, mask)
        sovits.flow(mean, mask, style.audio)

    assert counted_flops(compute) == latents_work(config, num_codes, num_phones, 1).flops


def test_torch_counts_the_same_in_a_style(sovits: SoVITS) -> None:
    spectrogram = empty(1, 1025, 50)
    counted = counted_flops(lambda: sovits.style.spectral(spectrogram))
    assert counted == style_work(sovits.config, 50, 1).flops


@pytest.mark.parametrize("num_layers", [1, 3])
def test_torch_counts_the_same_in_bert(num_layers: int) -> None:
    config = BertConfig(
        hidden_size=64, num_attention_heads=4, intermediate_size=128, num_hidden_layers=num_layers
    )
    with torch.device("meta"):
        bert = BertModel(config, add_pooling_layer=False).train(mode=False)
    work = bert_work(config, num_layers, 9, 1)
    assert counted_flops(lambda: bert(empty(1, 9).long())) == work.flops
    assert work.weight_bytes == num_weights(bert.encoder)


def test_torch_counts_the_same_in_hubert() -> None:
    config = HubertConfig(
        conv_dim=(16,) * 7,
        hidden_size=64,
        num_attention_heads=4,
        intermediate_size=128,
        num_hidden_layers=2,
    )
    config._attn_implementation = "eager"  # torch doesn't count the fused kernel of CPUs
    hubert = HubertModel(config).train(mode=False)
    work = hubert_work(config, 16_000, 1)
    dropped = 2 * 64 // 16 * 64 * 128  # an even kernel makes one frame more, which isn't used
    assert counted_flops(lambda: hubert(torch.zeros(1, 16_000))) == work.flops + dropped
    assert work.weight_bytes == num_weights(hubert)


@pytest.mark.parametrize(
    ("work", "bound", "share", "with_activations"),
    [
        # In a second: a fifth of the bytes that could be read, and a tenth of the operations.
        (Work(flops=100, weight_bytes=15, state_bytes=5, activation_bytes=100), "memory", 0.2, 1.2),
        (Work(flops=500, weight_bytes=20, activation_bytes=10), "compute", 0.5, 0.5),
    ],
)
def test_the_nearer_ceiling_counts(work: Work, bound: str, share: float, with_activations: float) -> None:
    ceilings = Ceilings(flops_per_s=1000, bytes_per_s=100, stream_bytes_per_s=50)
    roofline = Roofline(work, 1.0, ceilings)
    assert roofline.bound == bound
    assert roofline.share == pytest.approx(share)
    assert roofline.share_with_activations == pytest.approx(with_activations)
    assert Roofline(work, 2.0, ceilings).share == pytest.approx(share / 2)
