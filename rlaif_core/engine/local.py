"""The executor `local`: one event loop in this process, which saturates most services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rlaif_core.api.executor import Executor, Item, Result


class LocalExecutor(Executor):
    """Runs everything concurrently in this process; models limit what is in flight."""

    async def map(
        self, work: Callable[[Item], Awaitable[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """The results of `work` on every item, in order; the first error cancels the rest."""
        tasks = [asyncio.ensure_future(work(item)) for item in items]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
