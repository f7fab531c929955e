"""Dialect of a model: the recipe's wishes over the table's entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_anthropic import catalogue
from rlaif_anthropic.params import AnthropicParams, Omittable, StructuredOutput


@dataclass(frozen=True)
class Dialect:
    """Facts that `body` needs to write a request.

    Attributes:
        model: The model's name.
        omit: Request fields that are not sent.
        prefill: Whether it continues a begun answer.
        structured_output: How a JSON Schema is enforced.
        effort: Sent if given.
        thinking: Sent if given.
        extra_body: Added to each request.
    """

    model: str
    omit: tuple[Omittable, ...]
    prefill: bool
    structured_output: StructuredOutput
    effort: str | None
    thinking: str | None
    extra_body: Mapping[str, Any]

    @property
    def capabilities(self) -> frozenset[str]:
        """Capabilities of a model asked this way; the service has no seeds."""
        able = {"prefix": self.prefill, "schema": self.structured_output != "off"}
        return frozenset(name for name, can in able.items() if can)


def dialect(params: AnthropicParams) -> Dialect:
    """Dialect of the model of these parameters."""
    entry = catalogue.find(params.model)
    return Dialect(
        params.model,
        entry.omit if params.omit is None else params.omit,
        entry.prefill if params.prefill is None else params.prefill,
        params.structured_output,
        params.effort,
        params.thinking,
        params.extra_body,
    )
