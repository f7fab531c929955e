"""Kind `executors`: where a stage's many small pieces of work run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from rlaif_core.api.component import Component, P

Item = TypeVar("Item")
Result = TypeVar("Result")


class Executor(Component[P]):
    """Runs a coroutine function over items. One process saturates most services."""

    @abstractmethod
    async def map(
        self, work: Callable[[Item], Awaitable[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """The results of `work` on every item, in the items' order.

        Raises:
            Exception: The first error of `work`, after the rest has been cancelled.
        """
