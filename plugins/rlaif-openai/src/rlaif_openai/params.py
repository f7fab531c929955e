"""Recipe parameters of a model behind the OpenAI API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_kit.service import ServiceParams

Server = Literal["openai", "vllm", "other"]

Omittable = Literal["temperature", "top_p", "seed", "stop"]


class OpenAIParams(ServiceParams):
    """Which model to ask, where, and how."""

    base_url: str | None = Field(
        default=None, description="another server's address, up to and with its /v1"
    )
    organization: str | None = Field(default=None, description="whom the service bills")
    project: str | None = Field(default=None, description="which of its projects")
    server: Server | None = Field(
        default=None,
        description="which dialect it speaks; openai at OpenAI's address, other elsewhere",
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
