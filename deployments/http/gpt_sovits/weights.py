"""Which model is meant by the names of two files of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from deployments.config import AppArgs, CheckpointArgs, GPTSoVITSArgs
from tts_core.errors import UnknownModel
from tts_core.models.gpt_sovits.weights import weights_layout

_SUFFIXES = (".ckpt", ".pth", ".safetensors")


@dataclass(frozen=True)
class WeightFiles:
    """The paths of a model's pair of checkpoints, as far as they are configured. Never opened here."""

    gpt: str
    sovits: str


def configured_weights(args: AppArgs) -> dict[str, WeightFiles]:
    """Return the files of every model that has any.

    Raises:
        InvalidConfig: a model is of a version that there isn't.
    """
    engines = (engine for engine in args.engines if isinstance(engine, GPTSoVITSArgs))
    return {name: _files(model) for engine in engines for name, model in engine.models.items()}


def _files(args: CheckpointArgs) -> WeightFiles:
    official = weights_layout(args.version)
    return WeightFiles(args.t2s or official.t2s, args.sovits or official.sovits)


class ModelChooser:
    """Finds models by the paths that clients send for weights: a model's name, or the name of its file.

    Folders are ignored: they are another server's. No path is opened.

    Args:
        models: registered names, the default first.
        aliases: of models.
        files: of those that have any.
    """

    def __init__(
        self, models: tuple[str, ...], aliases: Mapping[str, str], files: Mapping[str, WeightFiles]
    ) -> None:
        self._models, self._aliases, self._files = models, aliases, files

    def check(self, path: str, part: str) -> None:
        """Return if some model has these weights.

        Raises:
            UnknownModel: none has; the same is said whether there is such a file or not.
        """
        if not self._with(path, part):
            raise UnknownModel("no model of this server has weights of that name", param=f"{part}_weights")

    def choose(self, gpt: str, sovits: str) -> str | None:
        """Return the first model with both weights; None where neither is named.

        Raises:
            UnknownModel: one isn't any model's, or no model has this pair: weights are never mixed.
        """
        found = self._models
        for path, part in ((gpt, "gpt"), (sovits, "sovits")):
            if path:
                self.check(path, part)
                found = tuple(model for model in found if model in self._with(path, part))
        if not found:
            raise UnknownModel(
                "no model of this server has these GPT and SoVITS weights together; each pair is configured "
                "as a model",
                param="sovits_weights",
            )
        return found[0] if gpt or sovits else None

    def _with(self, path: str, part: str) -> tuple[str, ...]:
        name = _last(path)
        named = {_stem(self._aliases.get(one, one)) for one in (path, name, _stem(name))}
        if own := tuple(model for model in self._models if _stem(model) in named):
            return own
        files = {model: getattr(self._files[model], part) for model in self._models if model in self._files}
        return tuple(model for model, file in files.items() if _stem(_last(file)) == _stem(name))


def _last(path: str) -> str:
    return PurePosixPath(unquote(path).strip().replace("\\", "/")).name


def _stem(name: str) -> str:
    name = name.casefold()
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
