"""What a server does that nobody traces: nothing. Also the interface of one that is traced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tts_core.engine.stream import SpeechStream
from tts_core.request import SynthesisRequest

Attributes = dict[str, str | int | float]
Finish = Callable[[str, Attributes], None]


class Untraced:
    """Traces nothing."""

    @contextlib.contextmanager
    def request(self, name: str, traceparent: str | None, attributes: Attributes) -> Iterator[Finish]:
        """Trace an HTTP request within the caller's trace, where they have one.

        Yields:
            What gives it a better name and more attributes, once they are known.
        """
        yield lambda name, attributes: None

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Trace a part of the request that is being served."""
        yield

    def event(self, name: str, attributes: Attributes) -> None:
        """Note something that happened to the request that is being served."""

    def traceparent(self) -> str | None:
        """Return where whoever is asked on behalf of the request goes on, as W3C's `traceparent`."""
        return None

    def spoke(self, request: SynthesisRequest, stream: SpeechStream) -> None:
        """Trace what an engine did for a request, now that it is over."""
