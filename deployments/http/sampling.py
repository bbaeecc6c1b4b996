"""Sampling settings as both dialects name them. Engines that draw nothing ignore them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from tts_core.sampling_params import SamplingParams


class SamplingFields(BaseModel):
    """Fields that a request may carry. What is absent is the engine's own; ranges are SamplingParams's."""

    top_k: int | None = Field(None, description="How many of the likeliest tokens are drawn from.")
    top_p: float | None = Field(None, description="Tokens beyond this cumulative probability are left out.")
    temperature: float | None = Field(None, description="Below 1 the likely become likelier.")
    repetition_penalty: float | None = Field(None, description="Above 1, repeating becomes less likely.")

    guard: bool | None = Field(
        None, description="False: lost, repeated and endless speech is neither said again nor cut."
    )

    def sampling(self, **more: int | bool | None) -> SamplingParams | None:
        """Return the settings that were given over the defaults, or None where there were none.

        Raises:
            InvalidParameter: one is out of its range.
        """
        fields = {name: getattr(self, name) for name in SamplingFields.model_fields}
        given = {name: value for name, value in {**fields, **more}.items() if value is not None}
        return SamplingParams(**given) if given else None
