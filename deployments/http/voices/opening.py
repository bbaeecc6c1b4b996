"""Whether a server takes voices over HTTP, and where it keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployments.config import AppArgs, GPTSoVITSArgs, IngressArgs

if TYPE_CHECKING:
    from deployments.http.voices.desk import VoiceDesk


@dataclass(frozen=True)
class StoredVoices:
    """A store of voices, and who speaks with them.

    Attributes:
        url: of the store.
        models: the default one first.
    """

    url: str
    models: tuple[str, ...]


def stored_voices(args: AppArgs) -> StoredVoices | None:
    """Return the store of the first engine that has one, and all models that share it."""
    cloning = [engine for engine in args.engines if isinstance(engine, GPTSoVITSArgs)]
    if not cloning:
        return None
    url = cloning[0].voices
    models = tuple(model for engine in cloning if engine.voices == url for model in engine.model_names)
    return StoredVoices(url, models)


def takes_uploads(args: IngressArgs) -> bool:
    """Whether voices may be added and deleted. If nobody said so, then where it is known who asks."""
    if args.voices.uploads is not None:
        return args.voices.uploads
    return args.keys is not None or not args.open_to_all


def open_desk(
    args: IngressArgs, stored: StoredVoices | None, on_change: Callable[[], None]
) -> VoiceDesk | None:
    """Return where voices are handed in; None where no model clones any.

    Raises:
        InvalidConfig, MissingDependency: the store's URL can't be opened.
    """
    if stored is None:
        return None
    # Needs what only cloning models need.
    from deployments.http.voices.desk import VoiceDesk
    from tts_core.voices import VoiceStore

    return VoiceDesk(VoiceStore(stored.url), stored.models, args.voices, takes_uploads(args), on_change)
