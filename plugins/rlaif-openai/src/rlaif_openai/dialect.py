"""Dialect of a model: the recipe's wishes over the table's entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_kit.endpoint import Endpoint
from rlaif_openai import catalogue
from rlaif_openai.params import Omittable, OpenAIParams, Server


@dataclass(frozen=True)
class Dialect:
    """Facts that `body` needs to write a request.

    Attributes:
        model: The model's name.
        server: What kind of server it is.
        omit: Request fields that are not sent.
        options: Whether option probabilities can be asked.
        structured_output: Whether a JSON Schema is sent.
        top_logprobs: Tokens to ask log-probabilities of.
        reasoning_effort: Sent if given.
        extra_body: Added to each request.
    """

    model: str
    server: Server
    omit: tuple[Omittable, ...]
    options: bool
    structured_output: bool
    top_logprobs: int
    reasoning_effort: str | None
    extra_body: Mapping[str, Any]

    @property
    def capabilities(self) -> frozenset[str]:
        """Capabilities of a model asked this way.

        No "seed": the seed is sent, but OpenAI promises an effort, and other servers' batches
        disturb it.
        """
        able = {"options": self.options, "schema": self.structured_output}
        able["prefix"] = self.server == "vllm"
        return frozenset(name for name, can in able.items() if can)


def dialect(params: OpenAIParams, where: Endpoint) -> Dialect:
    """Dialect of the model of these parameters at that address."""
    entry = catalogue.find(params.model) if where.official else None
    omit: tuple[Omittable, ...] = ()
    if params.omit is not None:
        omit = params.omit
    elif where.official:
        # A model that is not in the table is newer than it, so most likely a reasoning model.
        omit = entry.omit if entry else catalogue.REASONING_OMITS
    server = params.server or ("openai" if where.official else "other")
    known = server == "vllm" or (entry is not None and entry.logprobs)
    return Dialect(
        params.model,
        server,
        omit,
        params.probabilities == "logprobs" or (params.probabilities == "auto" and known),
        params.structured_output,
        params.top_logprobs,
        params.reasoning_effort,
        params.extra_body,
    )
