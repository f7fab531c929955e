"""Deterministic batching: a resumed run cuts the batches that an undisturbed one would.

All requests waiting once the event loop has gone quiet are sorted and cut into batches, including
those whose answers are known already. So batches do not depend on what was interrupted, and a
batch's rows, whose last bits depend on the batch around them, come out the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rlaif_core.api.chat import ChatRequest

QUIET_TURNS = 3
"""Turns of the event loop without a new request after which batches are cut."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its canonical text and its content address."""

    key: str
    text: str
    request: ChatRequest


class Batcher:
    """Collects requests and hands them out in batches.

    Args:
        size: Requests in a batch.
        ask: Answers one batch; called for one batch after the other.
    """

    def __init__(self, size: int, ask: Callable[[Sequence[Asked]], Awaitable[None]]) -> None:
        self._size = size
        self._ask = ask
        self._waiting: dict[str, Asked] = {}
        self._working = False

    def add(self, asked: Asked) -> bool:
        """Queue a request for the next batches; True if `work` has to be started for it."""
        self._waiting[asked.key] = asked
        started, self._working = self._working, True
        return not started

    async def work(self) -> None:
        """Send batches until nothing is waiting."""
        try:
            while self._waiting:
                await self._quiet()
                queued, self._waiting = self._waiting, {}
                ordered = sorted(queued.values(), key=_shape)
                for start in range(0, len(ordered), self._size):
                    await self._ask(ordered[start : start + self._size])
        finally:
            self._working = False

    async def _quiet(self) -> None:
        seen, turns = -1, 0
        while turns < QUIET_TURNS:
            turns = turns + 1 if len(self._waiting) == seen else 0
            seen = len(self._waiting)
            await asyncio.sleep(0)


def _shape(asked: Asked) -> tuple[bool, int, str, str]:
    """Sort key that puts requests of one kind and similar length together.

    Requests that only weigh options stand beside those with the same prefix instead: a model can
    read that once.
    """
    request = asked.request
    texts = [*(turn.content for turn in request.messages), request.prefix]
    if request.options:
        return True, 0, "\n".join(texts), asked.key
    return False, sum(map(len, texts)), "", asked.key
