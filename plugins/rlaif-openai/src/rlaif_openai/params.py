"""What a recipe may say about a model behind the OpenAI API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr

from rlaif_core.api import Params

Server = Literal["openai", "vllm", "other"]

Omittable = Literal["temperature", "top_p", "seed", "stop"]


class PriceParams(Params):
    """US dollars per million tokens."""

    prompt: float = Field(ge=0, description="of the prompt")
    completion: float = Field(ge=0, description="of the answer, reasoning included")


class OpenAIParams(Params):
    """Which model to ask, where, and how."""

    model: str = Field(min_length=1, description="the model's name, as the service spells it")
    base_url: str | None = Field(
        default=None, description="another server's address, up to and with its /v1"
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="${env:NAME}; without it OPENAI_API_KEY, which no other server is ever sent",
    )
    organization: str | None = Field(default=None, description="whom the service bills")
    project: str | None = Field(default=None, description="which of its projects")
    server: Server | None = Field(
        default=None,
        description="which dialect it speaks; openai without a base_url, other with one",
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
    reasoning_effort: str | None = Field(
        default=None, description="none, minimal, low, medium, high, …; of reasoning models"
    )
    structured_output: bool = Field(
        default=True, description="let the service enforce a judge's JSON Schema"
    )
    probabilities: Literal["auto", "logprobs", "off"] = Field(
        default="auto",
        description="option probabilities from log-probabilities; auto where they are known to be",
    )
    top_logprobs: int = Field(
        default=20, ge=1, le=20, description="first tokens that option probabilities are read from"
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="fields to add to each request, or to replace in it"
    )
