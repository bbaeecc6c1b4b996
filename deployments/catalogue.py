"""The voices of all models, as replicas tell them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection

from tts_core.errors import PolyvoxError
from tts_core.voice import VoiceInfo

MAX_AGE_S = 30.0

Voices = tuple[VoiceInfo, ...]

logger = logging.getLogger(__name__)


class Catalogue:
    """Asks each model's deployment now and then. Who fails or sleeps keeps nobody from the others' voices.

    Args:
        models: their names.
        ask: asks a replica of a model; raises PolyvoxError.
        is_asleep: tells whether a model has no replica because nobody listens: asking would start one.
    """

    def __init__(
        self,
        models: Collection[str],
        ask: Callable[[str], Awaitable[Voices]],
        is_asleep: Callable[[str], bool],
    ) -> None:
        self._models, self._ask, self._is_asleep = models, ask, is_asleep
        self._known: dict[str, Voices] = {}
        self._asked_at_s = -MAX_AGE_S

    async def voices(self) -> Voices:
        """Return them, each once: models of one deployment give the same ones.

        Raises:
            PolyvoxError: no model has told its voices.
        """
        if time.monotonic() - self._asked_at_s > MAX_AGE_S:
            errors = [error for error in await asyncio.gather(*map(self._look, self._models)) if error]
            if errors and not self._known:
                raise errors[0]
            self._asked_at_s = time.monotonic()
        told = (self._known.get(model, ()) for model in self._models)
        return tuple(dict.fromkeys(voice for voices in told for voice in voices))

    def forget(self) -> None:
        """Ask anew when they are wanted next: they have changed."""
        self._asked_at_s = -MAX_AGE_S
        self._known.clear()

    async def _look(self, model: str) -> PolyvoxError | None:
        """Ask a model unless it sleeps and has told before. Returns what went wrong."""
        if model in self._known and self._is_asleep(model):
            return None
        try:
            self._known[model] = await self._ask(model)
        except PolyvoxError as error:
            last = "its last ones are listed" if model in self._known else "none are listed"
            logger.warning("model %s doesn't tell its voices, %s: %s", model, last, error)
            return error
        return None
