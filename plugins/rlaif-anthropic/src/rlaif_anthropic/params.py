"""Recipe parameters of a Claude model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_kit.service import ServiceParams

Omittable = Literal["temperature", "top_p"]

StructuredOutput = Literal["format", "tool", "off"]


class AnthropicParams(ServiceParams):
    """Which model to ask, where, and how."""

    base_url: str | None = Field(default=None, description="another server's address, without /v1")
    omit: tuple[Omittable, ...] | None = Field(
        default=None,
        description="request fields that the model refuses; without it, what the table says",
    )
    prefill: bool | None = Field(
        default=None,
        description="whether it continues a begun answer; without it, what the table says",
    )
    structured_output: StructuredOutput = Field(
        default="format",
        description="how a judge's JSON Schema is enforced: the answer's format, or a forced tool "
        "for models before Claude 4.5",
    )
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="how thorough it is; the model's own default without it"
    )
    thinking: Literal["adaptive", "disabled"] | None = Field(
        default=None, description="whether it thinks first; the model's own default without it"
    )
