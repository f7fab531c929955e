"""The executor `local`: one event loop in this process, which saturates most services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rlaif_core.api.executor import Executor, Item, Result
from rlaif_core.api.params import Params

BEGUN_A_TURN = 8
"""Pieces begun before the event loop looks at its sockets again. A piece begins with work of its
own (a prompt is rendered): thousands of them at once would leave the service idle meanwhile."""


class LocalExecutor(Executor):
    """Runs everything concurrently in this process; models limit what is in flight."""

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._beginning = asyncio.Lock()

    async def map(
        self, work: Callable[[Item], Awaitable[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """The results of `work` on every item, in order; the first error cancels the rest.

        Whoever asks first has everything begun first, and so is finished first.
        """
        tasks: list[asyncio.Future[Result]] = []
        try:
            async with self._beginning:
                for start in range(0, len(items), BEGUN_A_TURN):
                    begun = map(work, items[start : start + BEGUN_A_TURN])
                    tasks += map(asyncio.ensure_future, begun)
                    await asyncio.sleep(0)
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
