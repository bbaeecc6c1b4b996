"""The tensors of official checkpoints, derived from their config: every name and shape.

Written from the format, apart from the models, so that each can be checked against the other.
"""

from __future__ import annotations

from benchmarks.checkpoint_configs import NUM_SYMBOLS, PRO_VERSIONS, Config

Shapes = dict[str, tuple[int, ...]]

BERT_CHANNELS = 1024
SSL_CHANNELS = 768
NUM_CODES = 1024
SPEAKER_CHANNELS = 20480
_MRTE_CHANNELS = 512
_STYLE_HIDDEN = 128
_ATTENTION_WINDOW = 4
_FLOW_KERNEL = 5
_FLOW_LAYERS = 4
_COUPLINGS = (0, 2, 4, 6)


def t2s_shapes(config: Config) -> Shapes:
    """Return the tensors of an s1 file."""
    model = config["model"]
    width = model["hidden_dim"]
    shapes = {
        **_linear("model.bert_proj", width, BERT_CHANNELS),
        "model.ar_text_embedding.word_embeddings.weight": (model["phoneme_vocab_size"], width),
        "model.ar_text_position.alpha": (1,),
        "model.ar_audio_embedding.word_embeddings.weight": (model["vocab_size"], width),
        "model.ar_audio_position.alpha": (1,),
    }
    for layer in range(model["n_layer"]):
        shapes |= _transformer_layer(f"model.h.layers.{layer}", width)
    return shapes | {"model.ar_predict_layer.weight": (model["vocab_size"], width)}


def sovits_shapes(version: str, config: Config) -> Shapes:
    """Return the tensors of an s2G file as fine-tuning saves it, without `enc_q`."""
    model = config["model"]
    bins = config["data"]["filter_length"] // 2 + 1 if version == "v1" else 704
    style = model["gin_channels"]
    shapes = {
        **_text_encoder(version, model),
        **_generator(model),
        **_flow(model),
        **_reference_encoder(bins, style),
        **_conv("ssl_proj", SSL_CHANNELS, SSL_CHANNELS, 2),
        **_codebook("quantizer.vq.layers.0._codebook"),
    }
    return shapes | _speaker_projections(style) if version in PRO_VERSIONS else shapes


def _linear(name: str, outputs: int, inputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _conv(name: str, outputs: int, inputs: int, kernel: int = 1) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, kernel), f"{name}.bias": (outputs,)}


def _normed_conv(name: str, outputs: int, shape: tuple[int, int, int]) -> Shapes:
    """A weight-normed convolution: its norm runs over all but the first dimension of `shape`."""
    return {f"{name}.bias": (outputs,), f"{name}.weight_g": (shape[0], 1, 1), f"{name}.weight_v": shape}


def _transformer_layer(name: str, width: int) -> Shapes:
    return {
        f"{name}.self_attn.in_proj_weight": (3 * width, width),
        f"{name}.self_attn.in_proj_bias": (3 * width,),
        **_linear(f"{name}.self_attn.out_proj", width, width),
        **_linear(f"{name}.linear1", 4 * width, width),
        **_linear(f"{name}.linear2", width, 4 * width),
        **{f"{name}.{norm}.{part}": (width,) for norm in ("norm1", "norm2") for part in ("weight", "bias")},
    }


def _text_encoder(version: str, model: Config) -> Shapes:
    hidden, layers = model["hidden_channels"], model["n_layers"]
    return {
        **_conv("enc_p.ssl_proj", hidden, SSL_CHANNELS),
        **_attention_encoder("enc_p.encoder_ssl", layers // 2, model),
        **_attention_encoder("enc_p.encoder_text", layers, model),
        "enc_p.text_embedding.weight": (NUM_SYMBOLS[version], hidden),
        **_mrte("enc_p.mrte", hidden),
        **_attention_encoder("enc_p.encoder2", layers // 2, model),
        **_conv("enc_p.proj", 2 * model["inter_channels"], hidden),
    }


def _attention_encoder(name: str, layers: int, model: Config) -> Shapes:
    hidden, filters, kernel = model["hidden_channels"], model["filter_channels"], model["kernel_size"]
    relative = (1, 2 * _ATTENTION_WINDOW + 1, hidden // model["n_heads"])
    shapes: Shapes = {}
    for layer in range(layers):
        shapes |= {f"{name}.attn_layers.{layer}.emb_rel_{part}": relative for part in "kv"}
        shapes |= _attention(f"{name}.attn_layers.{layer}", hidden)
        for norm in ("norm_layers_1", "norm_layers_2"):
            shapes |= {f"{name}.{norm}.{layer}.{part}": (hidden,) for part in ("gamma", "beta")}
        shapes |= _conv(f"{name}.ffn_layers.{layer}.conv_1", filters, hidden, kernel)
        shapes |= _conv(f"{name}.ffn_layers.{layer}.conv_2", hidden, filters, kernel)
    return shapes


def _attention(name: str, channels: int) -> Shapes:
    shapes: Shapes = {}
    for part in "qkvo":
        shapes |= _conv(f"{name}.conv_{part}", channels, channels)
    return shapes


def _mrte(name: str, hidden: int) -> Shapes:
    return {
        **_attention(f"{name}.cross_attention", _MRTE_CHANNELS),
        **_conv(f"{name}.c_pre", _MRTE_CHANNELS, hidden),
        **_conv(f"{name}.text_pre", _MRTE_CHANNELS, hidden),
        **_conv(f"{name}.c_post", hidden, _MRTE_CHANNELS),
    }


def _generator(model: Config) -> Shapes:
    width = model["upsample_initial_channel"]
    shapes = _conv("dec.conv_pre", width, model["inter_channels"], 7)
    block = 0
    for stage, kernel in enumerate(model["upsample_kernel_sizes"]):
        inputs, outputs = width >> stage, width >> (stage + 1)
        shapes |= _normed_conv(f"dec.ups.{stage}", outputs, (inputs, outputs, kernel))
        for size, dilations in zip(
            model["resblock_kernel_sizes"], model["resblock_dilation_sizes"], strict=True
        ):
            shapes |= _resblock(f"dec.resblocks.{block}", outputs, size, len(dilations))
            block += 1
    shapes["dec.conv_post.weight"] = (1, width >> len(model["upsample_kernel_sizes"]), 7)
    return shapes | _conv("dec.cond", width, model["gin_channels"])


def _resblock(name: str, channels: int, kernel: int, depth: int) -> Shapes:
    shapes: Shapes = {}
    for part in ("convs1", "convs2"):
        for index in range(depth):
            shapes |= _normed_conv(f"{name}.{part}.{index}", channels, (channels, channels, kernel))
    return shapes


def _flow(model: Config) -> Shapes:
    shapes: Shapes = {}
    for coupling in _COUPLINGS:
        shapes |= _coupling(f"flow.flows.{coupling}", model)
    return shapes


def _coupling(name: str, model: Config) -> Shapes:
    hidden, half = model["hidden_channels"], model["inter_channels"] // 2
    shapes = _conv(f"{name}.pre", hidden, half)
    for layer in range(_FLOW_LAYERS):
        outputs = hidden if layer == _FLOW_LAYERS - 1 else 2 * hidden
        shapes |= _normed_conv(
            f"{name}.enc.in_layers.{layer}", 2 * hidden, (2 * hidden, hidden, _FLOW_KERNEL)
        )
        shapes |= _normed_conv(f"{name}.enc.res_skip_layers.{layer}", outputs, (outputs, hidden, 1))
    style = 2 * hidden * _FLOW_LAYERS
    shapes |= _normed_conv(f"{name}.enc.cond_layer", style, (style, model["gin_channels"], 1))
    return shapes | _conv(f"{name}.post", half, hidden)


def _reference_encoder(bins: int, style: int) -> Shapes:
    width = _STYLE_HIDDEN
    shapes = _linear("ref_enc.spectral.0.fc", width, bins) | _linear("ref_enc.spectral.3.fc", width, width)
    for index in range(2):
        shapes |= _conv(f"ref_enc.temporal.{index}.conv1.conv", 2 * width, width, 5)
    for part in ("w_qs", "w_ks", "w_vs", "fc"):
        shapes |= _linear(f"ref_enc.slf_attn.{part}", width, width)
    return shapes | _linear("ref_enc.fc.fc", style, width)


def _codebook(name: str) -> Shapes:
    return {
        f"{name}.inited": (1,),
        f"{name}.cluster_size": (NUM_CODES,),
        f"{name}.embed": (NUM_CODES, SSL_CHANNELS),
        f"{name}.embed_avg": (NUM_CODES, SSL_CHANNELS),
    }


def _speaker_projections(style: int) -> Shapes:
    return {
        **_linear("sv_emb", style, SPEAKER_CHANNELS),
        **_linear("ge_to512", _MRTE_CHANNELS, style),
        "prelu.weight": (style,),
    }
