"""The executor `local`: what is asked first is begun first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rlaif_core.api import Params
from rlaif_core.engine.local import BEGUN_A_TURN, LocalExecutor


def test_a_window_is_begun_whole_before_the_next_one() -> None:
    begun: list[str] = []

    async def work(item: str) -> str:
        begun.append(item)
        await asyncio.sleep(0)
        return item

    async def both(windows: Sequence[Sequence[str]]) -> list[list[str]]:
        executor = LocalExecutor(Params())
        return await asyncio.gather(*(executor.map(work, one) for one in windows))

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
