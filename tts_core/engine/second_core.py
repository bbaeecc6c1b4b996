"""What a second core does for an engine: a share in one listener's steps, or audio beside a crowd's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from tts_core.engine.operations import Decode, Operation, Shape, Vocode
from tts_core.engine.sharing import Shareable
from tts_core.engine.threads import Threads
from tts_core.engine.voicing import VoiceJob
from tts_core.torch_threads import in_threads


class SecondCore:
    """Gives work to a core that may be idle. Asked by the engine's thread alone; bits don't depend on it.

    Either way it is one thread more, not two: OpenMP's stop to wait actively, and so take longer than they
    save, where a process has more of them than cores.

    Args:
        threads: how many share in what is done for one listener.
        shared: what they share, see `proven_shared`.
        make_audio: has audio made in a thread of its own, while more than one listen; it comes back through
            `Engine.voiced`. None: it is made by the engine's thread, in turn.
    """

    def __init__(
        self,
        threads: Threads,
        shared: frozenset[Shareable],
        make_audio: Callable[[VoiceJob], None] | None = None,
    ) -> None:
        self._threads, self._shared, self._make_audio = threads, shared, make_audio

    def makes_audio(self, num_listeners: int) -> bool:
        """Whether that is how audio is made for so many."""
        return self._make_audio is not None and num_listeners > 1

    def make_audio(self, operation: Shape | Vocode) -> None:
        """Have audio made, beside the engine's thread."""
        assert self._make_audio is not None, "nobody makes audio there"
        self._make_audio(VoiceJob.of(operation))

    def share(self, operation: Operation, num_listeners: int) -> AbstractContextManager[None]:
        """Return what an operation of the engine's thread is to be done within."""
        if num_listeners > 1 or not self._shared:
            return nullcontext()
        self._threads.look()
        if type(operation) not in self._shared:
            return nullcontext()
        # Windows are of many sizes, so that their times say less.
        return self._threads.shared() if isinstance(operation, Decode) else in_threads(self._threads.best)
