"""Sampler `sweep`: responses that differ, by sweeping temperature, top-p and checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

from pydantic import Field

from rlaif_core.api import (
    ChatModel,
    ChatReply,
    ChatRequest,
    Message,
    ModelError,
    Params,
    Prompt,
    Response,
    Sampler,
)

Temperature = Annotated[float, Field(ge=0)]
TopP = Annotated[float, Field(gt=0, le=1)]


class SweepParams(Params):
    """Number of responses to draw, and the settings."""

    n: int = Field(default=4, ge=1, le=64, description="responses to each prompt")
    temperature: tuple[Temperature, ...] = Field(
        default=(0.7, 1.0, 1.3), min_length=1, description="0 is greedy"
    )
    top_p: tuple[TopP, ...] = Field(default=(0.95,), min_length=1, description="nucleus mass")
    max_tokens: int = Field(default=512, ge=1, description="of one response")
    stop: tuple[str, ...] = Field(default=(), description="a response ends before any of these")
    system: str | None = Field(
        default=None, description="system turn for prompts that have none of their own"
    )


@dataclass(frozen=True, slots=True)
class Draw:
    """The settings of one response."""

    model: ChatModel
    temperature: float
    top_p: float


class Sweep(Sampler[SweepParams]):
    """n responses over a grid of temperature and top-p, from every model in turn.

    Response i comes from model i mod m. Each model goes through the grid on its own, top-p
    fastest, so that a setting is never tied to a model. Responses beyond the grid's end start
    it again with other seeds.
    """

    Params = SweepParams

    def responses(self) -> int:
        """All that are drawn."""
        return self.params.n

    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        """Draw all responses to a prompt at once.

        Returns:
            n responses, also empty ones. Where some of the calls failed for good, those of the
            others, each at its own index: a prompt is not lost to one refused call.

        Raises:
            ModelError: Every call failed.
        """
        draws = self._plan()
        replies = await asyncio.gather(
            *(self._ask(prompt, index, draw) for index, draw in enumerate(draws)),
            return_exceptions=True,
        )
        for reply in replies:
            if isinstance(reply, BaseException) and not isinstance(reply, ModelError):
                raise reply
        responses = [
            _response(prompt, index, draw, reply)
            for index, (draw, reply) in enumerate(zip(draws, replies, strict=True))
            if isinstance(reply, ChatReply)
        ]
        if not responses:
            raise next(reply for reply in replies if isinstance(reply, ModelError))
        return responses

    def _plan(self) -> list[Draw]:
        models = list(self.context.models.values()) or [self.model]
        grid = list(product(self.params.temperature, self.params.top_p))
        return [
            Draw(models[index % len(models)], *grid[index // len(models) % len(grid)])
            for index in range(self.params.n)
        ]

    async def _ask(self, prompt: Prompt, index: int, draw: Draw) -> ChatReply:
        request = ChatRequest(
            self._turns(prompt),
            max_tokens=self.params.max_tokens,
            temperature=draw.temperature,
            top_p=draw.top_p,
            stop=self.params.stop,
            seed=self.context.rng(prompt.id, index).getrandbits(31),
        )
        return await draw.model.chat(request)

    def _turns(self, prompt: Prompt) -> tuple[Message, ...]:
        own = any(turn.role == "system" for turn in prompt.messages)
        if self.params.system is None or own:
            return prompt.messages
        return (Message("system", self.params.system), *prompt.messages)


def _response(prompt: Prompt, index: int, draw: Draw, reply: ChatReply) -> Response:
    return Response.of(
        prompt,
        reply.text,
        index,
        model=draw.model.identity,
        temperature=draw.temperature,
        top_p=draw.top_p,
        finish_reason=reply.finish_reason,
    )
