"""How much room a deployment has, as far as an ingress can tell without waking anyone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """One deployment's.

    Attributes:
        models: that it speaks.
        num_replicas: running; 0 while it sleeps.
        num_slots: of all of them; None where none of them told in time.
        num_open: streams that are open; None where several replicas share them, of which only one was asked.
    """

    models: tuple[str, ...]
    num_replicas: int
    num_slots: int | None = None
    num_open: int | None = None
