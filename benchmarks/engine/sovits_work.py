"""The work of SoVITS, from its sizes: latents, generator, and the style of a voice."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engine.work import Attention, Product, Work, work_of
from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.sovits import num_frames

_GENERATOR_EDGE_TAPS = 7
_GATED_TAPS = 5

Parts = Iterator[Product | Attention]


def latents_work(config: SoVITSConfig, num_codes: int, num_phones: int, item_bytes: int) -> Work:
    """Return the work from tokens to latents at speed 1: text encoder, then flow."""
    frames = num_frames(num_codes)
    parts = (*_text_encoder(config, frames, num_phones), *_flow(config, frames))
    return work_of(parts, item_bytes)


def generator_work(config: SoVITSConfig, frames: int, item_bytes: int) -> Work:
    """Return the work of `frames` frames of audio, without what their margins cost."""
    return work_of(_generator(config, frames), item_bytes)


def style_work(config: SoVITSConfig, frames: int, item_bytes: int) -> Work:
    """Return the work of one reference's style, without the Pro versions' speaker embedding."""
    hidden = config.reference_hidden
    gated = Product(hidden, 2 * hidden, frames, _GATED_TAPS)
    parts: list[Product | Attention] = [
        Product(config.reference_bins, hidden, frames),
        Product(hidden, hidden, frames),
        gated,
        gated,
        *[Product(hidden, hidden, frames)] * 4,
        Attention(frames * frames, hidden),
        Product(hidden, config.style_channels, frames),
    ]
    return work_of(parts, item_bytes)


def _text_encoder(config: SoVITSConfig, frames: int, phones: int) -> Parts:
    hidden, wide = config.hidden_channels, config.mrte_channels
    half_layers = config.num_layers // 2
    yield Product(config.ssl_channels, hidden, frames)
    yield from _encoder(config, half_layers, frames)
    yield from _encoder(config, config.num_layers, phones)
    yield Product(hidden, wide, frames)
    yield Product(hidden, wide, phones)
    for positions in (frames, phones, phones, frames):  # query, key, value, output
        yield Product(wide, wide, positions)
    yield Attention(frames * phones, wide)
    yield Product(wide, hidden, frames)
    yield from _encoder(config, half_layers, frames)
    yield Product(hidden, 2 * config.latent_channels, frames)


def _encoder(config: SoVITSConfig, layers: int, positions: int) -> Parts:
    hidden, near = config.hidden_channels, 2 * config.attention_window + 1
    for _ in range(layers):
        for _ in range(4):  # query, key, value, output
            yield Product(hidden, hidden, positions)
        yield Attention(positions * (positions + near), hidden)
        yield Product(hidden, config.ffn_channels, positions, config.kernel_size)
        yield Product(config.ffn_channels, hidden, positions, config.kernel_size)


def _flow(config: SoVITSConfig, frames: int) -> Parts:
    hidden, half = config.hidden_channels, config.latent_channels // 2
    for _ in range(config.num_flows):
        yield Product(half, hidden, frames)
        yield Product(config.style_channels, 2 * hidden * config.flow_layers, 1)
        for layer in range(config.flow_layers):
            yield Product(hidden, 2 * hidden, frames, config.flow_kernel)
            yield Product(hidden, hidden if layer == config.flow_layers - 1 else 2 * hidden, frames)
        yield Product(hidden, half, frames)


def _generator(config: SoVITSConfig, frames: int) -> Parts:
    channels = config.upsample_channels
    yield Product(config.latent_channels, channels, frames, _GENERATOR_EDGE_TAPS)
    yield Product(config.style_channels, channels, 1)
    for kernel, rate in zip(config.upsample_kernels, config.upsample_rates, strict=True):
        yield Product(channels, channels // 2, frames, kernel, rate)
        channels, frames = channels // 2, frames * rate
        for taps, dilations in zip(config.resblock_kernels, config.resblock_dilations, strict=True):
            for _ in dilations:  # a dilated convolution and a plain one
                yield Product(channels, channels, frames, taps)
                yield Product(channels, channels, frames, taps)
    yield Product(channels, 1, frames, _GENERATOR_EDGE_TAPS)
