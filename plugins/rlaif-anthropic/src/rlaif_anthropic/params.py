"""What a recipe may say about a Claude model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from rlaif_core.api import Params

Omittable = Literal["temperature", "top_p"]

StructuredOutput = Literal["format", "tool", "off"]


class PriceParams(Params):
    """US dollars per million tokens."""

    prompt: float = Field(ge=0, description="of the prompt")
    completion: float = Field(ge=0, description="of the answer, thinking included")


class AnthropicParams(Params):
    """Which model to ask, where, and how."""

    model: str = Field(min_length=1, description="the model's name, as the service spells it")
    base_url: str | None = Field(default=None, description="another server's address, without /v1")
    api_key: SecretStr | None = Field(
        default=None,
        description="${env:NAME}; without it ANTHROPIC_API_KEY, which no other server is ever sent",
    )
    concurrency: int = Field(default=64, ge=1, description="calls in flight at once, at most")
    timeout: float = Field(default=300.0, gt=0, description="seconds that one call may take")
    prices: PriceParams | None = Field(
        default=None, description="dollars per million tokens, instead of the packaged table's"
    )
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
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="fields to add to each request, or to replace in it"
    )
