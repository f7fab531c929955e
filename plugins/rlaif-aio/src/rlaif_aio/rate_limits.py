"""Limits on requests and tokens a minute, on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiolimiter import AsyncLimiter

MINUTE = 60.0
AT_ONCE = 1.0 / 60.0
"""Share of a minute's units that may pass at once: a second's."""


class RateLimits:
    """Rate limits that let requests and tokens pass evenly.

    Args:
        requests: In any minute, at most; None for no limit.
        tokens: In any minute, prompt and completion together, and at most the last request's
            more; None for no limit.
    """

    def __init__(self, requests: int | None, tokens: int | None) -> None:
        self._requests = _Flow(requests) if requests else None
        self._tokens = _Flow(tokens) if tokens else None

    async def wait(self, tokens: Iterable[float]) -> None:
        """Wait until requests of so many tokens each may be sent."""
        for count in tokens:
            if self._requests is not None:
                await self._requests.enter(1)
            if self._tokens is not None:
                await self._tokens.enter(count)


class _Flow:
    """A leaky bucket of a second's units.

    One of a minute's would let nearly two minutes' pass in the first.
    """

    def __init__(self, a_minute: int) -> None:
        self._size = max(1.0, a_minute * AT_ONCE)
        self._bucket = AsyncLimiter(self._size, MINUTE * self._size / (a_minute - self._size + 1))
        self._owed = 0.0
        self._turn = asyncio.Lock()

    async def enter(self, units: float) -> None:
        """Wait for a turn; the next caller waits for units beyond the bucket's size."""
        async with self._turn:
            while self._owed > 0.0:
                part = min(self._owed, self._size)
                await self._bucket.acquire(part)
                self._owed -= part
            await self._bucket.acquire(min(units, self._size))
            self._owed = max(0.0, units - self._size)
