"""Deterministic batching: a resumed run cuts the batches that an undisturbed one would.

All requests waiting once the event loop has gone quiet are sorted and cut into batches, including
those whose answers are known already. So batches do not depend on what was interrupted, and a
batch's rows, whose last bits depend on the batch around them, come out the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

Request = TypeVar("Request")

QUIET_TURNS = 3
"""Turns of the event loop without a new request after which batches are cut."""


class Batcher(Generic[Request]):
    """Collects requests and hands them out in batches.

    Args:
        size: Requests in a batch.
        ask: Answers one batch; called for one batch after the other.
        order: Sort key that puts requests beside each other that belong in one batch.
    """

    def __init__(
        self,
        size: int,
        ask: Callable[[Sequence[Request]], Awaitable[None]],
        order: Callable[[Request], Any],
    ) -> None:
        self._size = size
        self._ask = ask
        self._order = order
        self._waiting: list[Request] = []
        self._working = False

    def add(self, request: Request) -> bool:
        """Queue a request for the next batches; True if `work` has to be started for it."""
        self._waiting.append(request)
        started, self._working = self._working, True
        return not started

    async def work(self) -> None:
        """Send batches until nothing is waiting."""
        try:
            while self._waiting:
                await self._quiet()
                queued, self._waiting = self._waiting, []
                ordered = sorted(queued, key=self._order)
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
