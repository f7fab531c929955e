"""Concurrency limit: the number that the recipe permits, and less where the service objects.

Additive increase, multiplicative decrease (Chiu & Jain 1989), as TCP does: a service that answers
"too many requests" halves nothing that is in flight already, but lowers the limit once a round
trip; every answer raises it a little, until the permitted number is reached again. So a capacity
that nobody wrote down is found, and stays nearly used.

A service that refuses everything (so many a minute are used up) is left in peace for a while,
instead of being asked by every call in turn.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

DECREASE = 0.85
"""Factor on the limit at a refusal; at the found capacity about 92 % of it is in use on average."""

INCREASE = 0.5
"""Slots that a whole round trip of good answers adds to the limit."""

PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds of the first pause where the service does not say how long, doubled each time."""


class Pace:
    """An adaptive semaphore.

    Args:
        most: Calls in flight that the recipe or the model permits.

    Attributes:
        limit: Calls in flight that are permitted now.
        answered_at: When the service last answered (`time.monotonic()`).
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.in_flight = 0
        self.answered_at = float("-inf")
        self._lowered = float("-inf")
        self._paused_until = float("-inf")
        self._refused_in_row = 0
        self._pauses = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, *, again: bool = False) -> None:
        """Wait for a slot and take it.

        Args:
            again: Go before all that were never asked yet: a call that is tried again is not
                sent to the end of a long queue.
        """
        if not self._waiting and self._free():
            self.in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        if again:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.leave()
            elif turn in self._waiting:  # a slot that came free meanwhile has passed it over
                self._waiting.remove(turn)
            raise

    def leave(self) -> None:
        """Give the slot back."""
        self.in_flight -= 1
        self._wake()

    def answered(self) -> None:
        """A call went well."""
        self.answered_at = time.monotonic()
        self._refused_in_row = self._pauses = 0
        self._paused_until = float("-inf")
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + INCREASE / self.limit)
            self._wake()

    def refused(self, began: float, retry_after: float | None = None) -> None:
        """The service said that this is too much.

        Args:
            began: When the refused call was sent (`time.monotonic()`). Calls sent before the
                limit was last lowered say nothing about the limit as it is now.
            retry_after: Seconds that the service asks to wait.
        """
        self._refused_in_row += 1
        now = time.monotonic()
        if began > self._lowered:
            self._lowered = now
            self.limit = max(1.0, min(self.limit, float(self.in_flight)) * DECREASE)
        if self._refused_in_row >= self.limit and now >= self._paused_until:
            guess = min(LONGEST_PAUSE, PAUSE * 2**self._pauses)
            self._pauses += 1
            self._pause(now, guess if retry_after is None else retry_after)

    def _pause(self, now: float, seconds: float) -> None:
        self._paused_until = now + seconds
        # A little later: the loop's timer may be early by its resolution, and would wake nobody.
        asyncio.get_running_loop().call_later(seconds + 0.01, self._wake)

    def _free(self) -> bool:
        return self.in_flight < int(self.limit) and time.monotonic() >= self._paused_until

    def _wake(self) -> None:
        while self._waiting and self._free():
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
