"""The tensors of the speaker encoder's checkpoint (ERes2NetV2, width 24, scale 4), name by name."""

from __future__ import annotations

Shapes = dict[str, tuple[int, ...]]

_CHANNELS = 64
_BLOCKS = (3, 4, 6, 3)
_BASE_WIDTH = 24
_SCALE = 4
_EXPANSION = 4
_FIRST_FUSED_STAGE = 2
_REDUCTION = 4
_EMBEDDING = 192
_POOLED = 2 * 20480


def speaker_shapes() -> Shapes:
    """Return every tensor of `pretrained_eres2netv2w24s4ep4.ckpt`."""
    shapes = {"conv1.weight": (_CHANNELS, 1, 3, 3), **_batch_norm("bn1", _CHANNELS)}
    inputs = _CHANNELS
    for stage, num_blocks in enumerate(_BLOCKS):
        planes = _CHANNELS << stage
        for block in range(num_blocks):
            is_fused = stage >= _FIRST_FUSED_STAGE
            shapes |= _block(f"layer{stage + 1}.{block}", inputs, planes, is_fused=is_fused)
            inputs = planes * _EXPANSION
    shapes["layer3_ds.weight"] = (inputs, inputs // 2, 3, 3)
    shapes |= _fusion("fuse34", inputs)
    return shapes | {"seg_1.weight": (_EMBEDDING, _POOLED), "seg_1.bias": (_EMBEDDING,)}


def _block(name: str, inputs: int, planes: int, *, is_fused: bool) -> Shapes:
    width, outputs = planes * _BASE_WIDTH // 64, planes * _EXPANSION
    shapes = {
        f"{name}.conv1.weight": (width * _SCALE, inputs, 1, 1),
        **_batch_norm(f"{name}.bn1", width * _SCALE),
        f"{name}.conv3.weight": (outputs, width * _SCALE, 1, 1),
        **_batch_norm(f"{name}.bn3", outputs),
    }
    for part in range(_SCALE):
        shapes[f"{name}.convs.{part}.weight"] = (width, width, 3, 3)
        shapes |= _batch_norm(f"{name}.bns.{part}", width)
    for part in range(_SCALE - 1 if is_fused else 0):
        shapes |= _fusion(f"{name}.fuse_models.{part}", width)
    if inputs != outputs:
        shapes[f"{name}.shortcut.0.weight"] = (outputs, inputs, 1, 1)
        shapes |= _batch_norm(f"{name}.shortcut.1", outputs)
    return shapes


def _fusion(name: str, channels: int) -> Shapes:
    inner = channels // _REDUCTION
    return {
        f"{name}.local_att.0.weight": (inner, 2 * channels, 1, 1),
        f"{name}.local_att.0.bias": (inner,),
        **_batch_norm(f"{name}.local_att.1", inner),
        f"{name}.local_att.3.weight": (channels, inner, 1, 1),
        f"{name}.local_att.3.bias": (channels,),
        **_batch_norm(f"{name}.local_att.4", channels),
    }


def _batch_norm(name: str, channels: int) -> Shapes:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (channels,) for part in parts} | {f"{name}.num_batches_tracked": ()}
