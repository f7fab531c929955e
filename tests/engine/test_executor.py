"""The executor `local`: what is asked first is begun first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from rlaif_core.api import Params
from rlaif_core.engine.executor import BEGUN_A_TURN, LocalExecutor


def test_a_window_is_begun_whole_before_the_next_one() -> None:
    begun: list[str] = []

    async def work(item: str) -> str:
        begun.append(item)
        await asyncio.sleep(0)
        return item

    async def both(windows: Sequence[Sequence[str]]) -> list[list[str]]:
        executor = LocalExecutor(Params())
        return await asyncio.gather(*(executor.map(work, window) for window in windows))

    windows = [[f"{name}{i}" for i in range(3 * BEGUN_A_TURN)] for name in "ab"]
    assert asyncio.run(both(windows)) == windows
    assert begun == [*windows[0], *windows[1]]


def test_work_that_maps_again_does_not_wait_for_itself() -> None:
    executor = LocalExecutor(Params())

    async def double(item: int) -> int:
        return 2 * item

    async def work(item: int) -> int:
        return sum(await executor.map(double, range(item)))

    many = range(3 * BEGUN_A_TURN)
    mapped = asyncio.run(asyncio.wait_for(executor.map(work, many), timeout=10))
    assert mapped == [item * (item - 1) for item in many]


def test_an_error_cancels_the_rest_and_the_next_window_goes_on() -> None:
    executor = LocalExecutor(Params())
    ended: list[int] = []

    async def work(item: int) -> int:
        if item == 1:
            raise ValueError("one")
        try:
            await asyncio.sleep(item)
        except asyncio.CancelledError:
            ended.append(item)
            raise
        return item

    async def scenario() -> list[int]:
        with pytest.raises(ValueError, match="one"):
            await executor.map(work, [0, 1, 60, 61])
        return await executor.map(work, [0])

    assert asyncio.run(asyncio.wait_for(scenario(), timeout=10)) == [0]
    assert ended == [60, 61]


def test_a_window_that_is_cancelled_while_it_begins_or_waits_for_its_turn_holds_up_no_other() -> (
    None
):
    executor = LocalExecutor(Params())

    async def scenario() -> list[int]:
        windows = [asyncio.ensure_future(executor.map(echo, range(1000))) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        windows[0].cancel()  # while it begins
        windows[1].cancel()  # while it waits
        await asyncio.gather(*windows[:2], return_exceptions=True)
        return await windows[2]

    assert asyncio.run(asyncio.wait_for(scenario(), timeout=10)) == list(range(1000))


async def echo(item: int) -> int:
    return item
