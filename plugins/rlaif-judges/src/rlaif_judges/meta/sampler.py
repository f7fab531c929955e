"""The sampler `judgments`: several judgments of the response that they differ about most."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from statistics import pvariance

from pydantic import Field

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Message,
    ModelError,
    Params,
    Prompt,
    Response,
    Sampler,
)
from rlaif_judges.asking.stated import stated_option
from rlaif_judges.meta.sibling import Sibling, siblings_of
from rlaif_judges.self_rewarding import POINTS


class JudgmentsParams(Params):
    """Parameters of `judgments`."""

    n: int = Field(default=11, ge=2, le=99, description="judgments of each response")
    disputed: bool = Field(
        default=True,
        description="only of that response to each prompt whose scores vary most",
    )
    answer_prefix: str = Field(
        default="Score:", min_length=1, description="what stands before the score"
    )
    temperature: float = Field(default=0.8, ge=0, description="of each judgment")
    top_p: float = Field(default=0.95, gt=0, le=1, description="of each judgment")
    max_tokens: int = Field(default=512, ge=1, description="of each judgment")


class Judgments(Sampler[JudgmentsParams]):
    """Draws judgments, and of each prompt's responses keeps the one they differ about most."""

    Params = JudgmentsParams

    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        """The judgments that answer a judging question; none if another response is disputed more.

        A judgment without a readable score is a response like any other: that it is a bad one is
        for the meta-judge to say. Where scores vary alike, the first response is kept.

        Returns:
            n judgments, or those whose calls did not fail.

        Raises:
            ModelError: Every call about some response to the prompt failed.
        """
        asked = siblings_of(prompt) if self.params.disputed else _itself(prompt)
        # Each sibling asks the same questions, and equal questions are asked once.
        drawn = dict(
            zip(
                (item.id for item in asked),
                await asyncio.gather(*(self._drawn(item) for item in asked)),
                strict=True,
            )
        )
        spread = {item.id: self._spread(item, drawn[item.id].values()) for item in asked}
        if max(spread, key=lambda id_: spread[id_]) != prompt.id:
            return []
        return [
            Response.of(
                prompt,
                reply.text,
                index,
                model=self.model.identity,
                temperature=self.params.temperature,
                top_p=self.params.top_p,
                finish_reason=reply.finish_reason,
            )
            for index, reply in drawn[prompt.id].items()
        ]

    async def _drawn(self, sibling: Sibling) -> dict[int, ChatReply]:
        """The judgments whose calls did not fail, each at its own index."""
        replies = await asyncio.gather(
            *(self._judgment(sibling, index) for index in range(self.params.n)),
            return_exceptions=True,
        )
        for reply in replies:
            if isinstance(reply, BaseException) and not isinstance(reply, ModelError):
                raise reply
        by_vote = {i: reply for i, reply in enumerate(replies) if isinstance(reply, ChatReply)}
        if not by_vote:
            raise next(reply for reply in replies if isinstance(reply, ModelError))
        return by_vote

    async def _judgment(self, sibling: Sibling, index: int) -> ChatReply:
        request = ChatRequest(
            (Message("user", sibling.question),),
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            seed=self.context.rng("judgment", sibling.id, index).getrandbits(31),
        )
        return await self.model.chat(request)

    def _spread(self, sibling: Sibling, replies: Iterable[ChatReply]) -> float:
        """Variance of the scores that can be read; 0 if none can."""
        prefix = self.params.answer_prefix
        stated = [stated_option(reply, prefix, POINTS, sibling.response) for reply in replies]
        points = [item for item in stated if isinstance(item, int)]
        return pvariance(points) if points else 0.0


def _itself(prompt: Prompt) -> list[Sibling]:
    return [item for item in siblings_of(prompt) if item.id == prompt.id]
