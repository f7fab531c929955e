"""Conformance of executors."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from rlaif_core.api import Executor
from rlaif_core.testing.conformance import Conformance, run

ITEMS: Final = range(50)


class ExecutorConformance(Conformance[Executor[Any]]):
    """Checks an executor."""

    async def exercise(self, component: Executor[Any]) -> list[int]:
        """The squares of some numbers, of which the later ones take less long."""
        return await component.map(_square, ITEMS)

    def test_its_results_stand_in_the_order_of_the_items(self) -> None:
        """The engine pairs them with what it asked for."""
        assert run(self.exercised()) == [item * item for item in ITEMS]

    def test_of_nothing_it_makes_nothing(self) -> None:
        """A round may come to a stage with nothing to do."""

        async def of_nothing() -> list[int]:
            async with self.running() as executor:
                return await executor.map(_square, [])

        assert run(of_nothing()) == []

    def test_the_first_error_ends_the_map_and_cancels_the_rest(self) -> None:
        """Calls that go on after a run has failed are paid for, and read by nobody."""
        finished: list[int] = []

        async def work(item: int) -> int:
            await asyncio.sleep(0.001 if item == 0 else 0.05)
            if item == 0:
                raise LookupError("the first item fails")
            finished.append(item)
            return item

        async def failing() -> None:
            import pytest

            async with self.running() as executor:
                with pytest.raises(LookupError, match="the first item fails"):
                    await executor.map(work, range(4))
                await asyncio.sleep(0.1)

        run(failing())
        assert not finished, f"items {finished} went on after the error"


async def _square(item: int) -> int:
    await asyncio.sleep((len(ITEMS) - item) * 1e-4)
    return item * item
