"""How many calls may be in flight: what the recipe permits, and less where the service objects.

Additive increase, multiplicative decrease (Chiu & Jain 1989), as TCP does: a service that answers
"too many requests" halves nothing that is in flight already, but lowers the limit once a round
trip; every answer raises it a little, until the permitted number is reached again. So a capacity
that nobody wrote down is found, and stays nearly used.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

DECREASE = 0.85
"""Factor on the limit at a refusal; at the found capacity about 92 % of it is in use on average."""

INCREASE = 0.5
"""Slots that a whole round trip of good answers adds to the limit."""


class Pace:
    """An adaptive semaphore.

    Args:
        most: Calls in flight that the recipe or the model permits.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.in_flight = 0
        self._lowered = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it."""
        if self.in_flight >= int(self.limit) or self._waiting:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except BaseException:
                if turn.done() and not turn.cancelled():
                    self._release()
                else:
                    self._waiting.remove(turn)
                raise
        else:
            self.in_flight += 1
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        self.in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self.in_flight < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def answered(self) -> None:
        """A call went well."""
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + INCREASE / self.limit)
            self._wake()

    def refused(self, began: float) -> None:
        """The service said that this is too much.

        Args:
            began: When the refused call was sent (`time.monotonic()`). Calls sent before the
                limit was last lowered say nothing about the limit as it is now.
        """
        if began > self._lowered:
            self._lowered = time.monotonic()
            self.limit = max(1.0, min(self.limit, float(self.in_flight)) * DECREASE)
