"""Requests and tokens a minute, as services limit them."""

from __future__ import annotations

from collections.abc import Sequence

from aiolimiter import AsyncLimiter

from rlaif_core.api.chat import ChatRequest

CHARACTERS_A_TOKEN = 4
"""A rough figure for English, on the safe side for the short prompts of a judge."""

MINUTE = 60.0


class Rates:
    """Leaky buckets for requests and tokens.

    Args:
        requests: A minute; None for no limit.
        tokens: A minute, prompt and completion together; None for no limit.
    """

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self._requests = AsyncLimiter(requests, MINUTE) if requests else None
        self._tokens = AsyncLimiter(tokens, MINUTE) if tokens else None

    async def wait(self, requests: Sequence[ChatRequest]) -> None:
        """Wait until these requests may be sent."""
        for request in requests:
            if self._requests is not None:
                await self._requests.acquire()
            if self._tokens is not None:
                await self._tokens.acquire(min(estimate(request), self._tokens.max_rate))


def estimate(request: ChatRequest) -> float:
    """Tokens that a request may come to: its characters and all the room it is given."""
    characters = sum(len(turn.content) for turn in request.messages) + len(request.prefix)
    room = 0 if request.options else request.max_tokens
    return characters / CHARACTERS_A_TOKEN + room
