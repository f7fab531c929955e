"""Windows of work that overlap, so that the slowest reply of one does not hold up the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

Window = TypeVar("Window")
Result = TypeVar("Result")


async def map_windows(
    work: Callable[[Window], Awaitable[Result]], windows: Iterable[Window], at_once: int
) -> AsyncGenerator[Result, None]:
    """Ordered map over windows, at most `at_once` in flight.

    Args:
        work: Begun on the next window once the oldest one under way is finished.
        windows: Read no further than is needed.
        at_once: Windows in flight, at most; 1 for one after the other.

    Raises:
        BaseException: The first one that `work` raises, in whichever window; what else is under way
            is cancelled. Close this generator (`contextlib.aclosing`) if it is not read to its
            end.
    """
    under_way: deque[asyncio.Future[Result]] = deque()
    try:
        for window in windows:
            if len(under_way) == at_once:
                yield await _oldest(under_way)
            under_way.append(asyncio.ensure_future(work(window)))
        while under_way:
            yield await _oldest(under_way)
    finally:
        for future in under_way:
            future.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _oldest(under_way: deque[asyncio.Future[Result]]) -> Result:
    """The oldest one's result, taken out; the error of any that fails before."""
    while True:
        for future in under_way:
            if future.done():
                future.result()  # raises if it failed
        if under_way[0].done():
            return under_way.popleft().result()
        await asyncio.wait(
            [future for future in under_way if not future.done()],
            return_when=asyncio.FIRST_COMPLETED,
        )
