"""Windows of work that overlap: in order, so many at once, and ended together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from rlaif_aio.windows import map_windows


class Work:
    """Takes each window's seconds; keeps note of what it began and what was cancelled."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.cancelled: list[float] = []

    async def __call__(self, seconds: float) -> float:
        self.begun.append(seconds)
        if seconds < 0:
            raise ValueError("broken window")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(seconds)
            raise
        return seconds


def test_results_come_in_order_and_windows_are_read_no_further_than_needed() -> None:
    windows = [0.03, 0.0, 0.02, 0.01, 0.0]
    read: list[float] = []

    def each() -> Iterator[float]:
        for window in windows:
            read.append(window)
            yield window

    async def scenario() -> None:
        found: list[float] = []
        async for window in map_windows(Work(), each(), 2):
            found.append(window)
            assert len(read) <= len(found) + 2
        assert found == windows

    asyncio.run(scenario())


def test_a_window_that_fails_ends_those_before_and_after_it_at_once() -> None:
    work = Work()

    async def scenario() -> None:
        async with aclosing(map_windows(work, [0.0, 59.0, -1.0, 60.0, 61.0], 4)) as done:
            async for _ in done:
                pass

    with pytest.raises(ValueError, match="broken window"):
        asyncio.run(asyncio.wait_for(scenario(), timeout=10))
    assert work.cancelled == [59.0, 60.0]


def test_whoever_stops_reading_or_is_cancelled_leaves_nothing_under_way() -> None:
    stopped, cancelled = Work(), Work()

    async def read(work: Work, first: float) -> None:
        async with aclosing(map_windows(work, [first, 60.0, 61.0], 3)) as done:
            async for _ in done:
                return

    async def scenario() -> None:
        await read(stopped, 0.0)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(read(cancelled, 59.0), 0.05)

    asyncio.run(scenario())
    assert stopped.cancelled == [60.0, 61.0]
    assert cancelled.cancelled == [59.0, 60.0, 61.0]
