"""Put a checkpoint's tensors into a module: strictly, and with weight norm folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tts_core.errors import InvalidCheckpoint

_SHOWN = 5


def empty_embedding(num_rows: int, dim: int) -> nn.Embedding:
    """Return a table without values. `nn.Embedding` draws them: on the meta device, with a compiler."""
    return nn.Embedding(num_rows, dim, _weight=torch.empty(num_rows, dim))


def _never(key: str) -> bool:
    return False


@dataclass(frozen=True)
class KeyScheme:
    """How a module's parameter names relate to a checkpoint's keys.

    Attributes:
        model: what the checkpoint should be, for messages.
        renames: (ours, theirs) replacements, applied in order to a parameter's name.
        ignored: prefixes of keys that inference does not need.
        exact: prefixes of keys that stay float32 whatever precision the model runs in.
        weight_normed: whether a key is stored as two, with `_g` and `_v` behind it.
    """

    model: str
    renames: Sequence[tuple[str, str]] = ()
    ignored: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    weight_normed: Callable[[str], bool] = _never

    def key_of(self, name: str) -> str:
        """Return the checkpoint's key of our parameter `name`."""
        for ours, theirs in self.renames:
            name = name.replace(ours, theirs)
        return name


def load_module(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    scheme: KeyScheme,
    dtype: torch.dtype,
    device: torch.device | str,
) -> None:
    """Give `module`, built on the meta device, its parameters in `dtype` on `device`.

    Tensors that already are so are shared with `tensors`, not copied; neither side may change them.

    Raises:
        InvalidCheckpoint: a key is missing, unexpected or misshaped; names it, what was expected and found.
    """
    check_module(module, tensors, scheme)
    state = {}
    for name in module.state_dict():
        key = scheme.key_of(name)
        kind = torch.float32 if key.startswith(scheme.exact) else dtype
        state[name] = _parameter(tensors, key, scheme).to(device, kind).contiguous()
    module.load_state_dict(state, assign=True)
    module.requires_grad_(requires_grad=False)
    module.eval()


def check_module(module: nn.Module, tensors: Mapping[str, Tensor], scheme: KeyScheme) -> None:
    """Return if `tensors` are what `module` needs. Neither is changed.

    Raises:
        InvalidCheckpoint: see `load_module`.
    """
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    check_keys(tensors, expected_keys(shapes, scheme), scheme)


def expected_keys(shapes: Mapping[str, tuple[int, ...]], scheme: KeyScheme) -> dict[str, tuple[int, ...]]:
    """Return the checkpoint's keys and shapes for parameters of these names and shapes."""
    expected: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        key = scheme.key_of(name)
        if scheme.weight_normed(key):
            expected[f"{key}_g"] = (shape[0], *[1] * (len(shape) - 1))
            expected[f"{key}_v"] = shape
        else:
            expected[key] = shape
    return expected


def check_keys(
    tensors: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]], scheme: KeyScheme
) -> None:
    """Compare a checkpoint's keys and shapes with what a model needs.

    Raises:
        InvalidCheckpoint: they differ.
    """
    missing = [key for key in expected if key not in tensors]
    if missing:
        raise InvalidCheckpoint(f"{scheme.model} needs {_listed(missing)}; the checkpoint lacks it.")
    unexpected = [key for key in tensors if key not in expected and not key.startswith(scheme.ignored)]
    if unexpected:
        raise InvalidCheckpoint(f"{scheme.model} has no place for {_listed(unexpected)} of the checkpoint.")
    for key, shape in expected.items():
        found = tuple(tensors[key].shape)
        if found != shape:
            raise InvalidCheckpoint(f"{scheme.model} needs {key} of shape {shape}; found {found}.")
        if not tensors[key].is_floating_point():
            raise InvalidCheckpoint(f"{scheme.model} needs {key} in floats; found {tensors[key].dtype}.")


def fold_weight_norm(scale: Tensor, direction: Tensor) -> Tensor:
    """Return g * v / |v|, the norm taken over every dimension but the first, in float32."""
    direction = direction.float()
    norm: Tensor = direction.flatten(1).norm(dim=1).view(scale.shape)
    return direction * (scale.float() / norm)


def _parameter(tensors: Mapping[str, Tensor], key: str, scheme: KeyScheme) -> Tensor:
    if scheme.weight_normed(key):
        return fold_weight_norm(tensors[f"{key}_g"], tensors[f"{key}_v"])
    return tensors[key]


def _listed(keys: Sequence[str]) -> str:
    rest = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + rest
