"""An adaptive concurrency limit: what the recipe permits, or less if the service is overloaded.

Additive increase, multiplicative decrease (Chiu & Jain 1989), as in TCP: a "too many requests"
lowers the limit, at most once a round trip; every success raises it a little, until the permitted
number is reached again. So a capacity that is written down nowhere is found, and stays nearly used.

If a service refuses everything (its requests a minute are used up), all calls pause.
"""

from __future__ import annotations

import asyncio
from collections import deque

DECREASE = 0.85
"""Factor on the limit at an overload; about 92 % of the found capacity is in use on average."""

INCREASE = 0.5
"""Slots that a whole round trip of successes adds to the limit."""

PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds of the first pause where the service does not say how long, doubled each time."""


class ConcurrencyLimiter:
    """An adaptive semaphore; its clock is that of the running event loop.

    Args:
        most: Calls in flight that the recipe or the model permits.

    Attributes:
        limit: Calls in flight that are permitted now.
        succeeded_at: Time of the last success, on the loop's clock.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.in_flight = 0
        self.succeeded_at = float("-inf")
        self._lowered = float("-inf")
        self._paused_until = float("-inf")
        self._refused_in_row = 0
        self._pauses = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, *, again: bool = False) -> None:
        """Wait for a slot and take it.

        Args:
            again: Go before all calls that were never sent: a retry does not queue again.
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

    def on_success(self) -> None:
        """Raise the limit a little, and end a pause."""
        self.succeeded_at = _now()
        self._refused_in_row = self._pauses = 0
        self._paused_until = float("-inf")
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + INCREASE / self.limit)
            self._wake()

    def on_overload(self, began: float, retry_after: float | None = None) -> None:
        """Lower the limit, and pause if every call is refused.

        Args:
            began: Time at which the refused call was sent, on the loop's clock. A call sent before
                the limit was last lowered does not lower it again.
            retry_after: Seconds that the service asks to wait.
        """
        self._refused_in_row += 1
        now = _now()
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
        return self.in_flight < int(self.limit) and _now() >= self._paused_until

    def _wake(self) -> None:
        while self._waiting and self._free():
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
