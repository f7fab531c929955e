"""What may be spent, and how fast: a budget and rates a minute."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiolimiter import AsyncLimiter

from rlaif_core.api import ChatReply
from rlaif_core.engine.calling import BudgetReached, Rates
from rlaif_core.recipe.sections import BudgetSection
from tests.engine.calling.fake import Fake, ask, calling, good


@pytest.mark.parametrize(
    ("limits", "calls"),
    [
        (BudgetSection(usd=5.0), 3),
        (BudgetSection(tokens=3_000_000), 2),
        (BudgetSection(calls=4), 4),
    ],
)
def test_a_budget_stops_the_run_and_keeps_what_was_paid(
    limits: BudgetSection, calls: int, tmp_path: Path
) -> None:
    async def scenario() -> None:
        model = Fake(good, slots=1)
        async with calling(model, tmp_path, budget=limits) as (caller, ledger, _):
            for i in range(calls):
                await caller.chat(ask(str(i)))
            with pytest.raises(BudgetReached, match=r"To go on: --set budget\."):
                await caller.chat(ask("one more"))
            assert len(model.batches) == calls
            assert ledger.cost().calls == calls

    asyncio.run(scenario())


def test_a_budget_is_exceeded_by_no_more_than_what_was_in_flight(tmp_path: Path) -> None:
    async def scenario() -> None:
        model = Fake(good, slots=5, pause=0.002)
        budget = BudgetSection(calls=11)
        async with calling(model, tmp_path, budget=budget) as (caller, ledger, _):
            many = (caller.chat(ask(str(i))) for i in range(60))
            answers = await asyncio.gather(*many, return_exceptions=True)
            assert all(isinstance(one, ChatReply | BudgetReached) for one in answers)
            assert 11 <= ledger.cost().calls < 11 + 5

    asyncio.run(scenario())


def test_a_budget_is_looked_at_again_after_waiting_for_a_rate(tmp_path: Path) -> None:
    """Calls that wait for their minute are not in flight: they may not exceed the budget."""

    async def scenario() -> int:
        model = Fake(good, slots=8)
        rates, budget = Rates(3, None), BudgetSection(calls=3)
        rates._requests = AsyncLimiter(3, 0.2)
        async with calling(model, tmp_path, rates=rates, budget=budget) as (caller, _, _):
            many = (caller.chat(ask(str(i))) for i in range(12))
            await asyncio.gather(*many, return_exceptions=True)
        return len(model.batches)

    assert asyncio.run(scenario()) == 3


def test_requests_per_minute_are_kept(tmp_path: Path) -> None:
    async def scenario() -> int:
        model = Fake(good)
        async with calling(model, tmp_path, rates=Rates(10, None)) as (caller, _, _):
            many = asyncio.gather(*(caller.chat(ask(str(i))) for i in range(30)))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(many), 0.3)
            asked = len(model.batches)
            many.cancel()
            return asked

    assert asyncio.run(scenario()) <= 11


def test_tokens_per_minute_are_kept(tmp_path: Path) -> None:
    """What a request may come to counts: its text and the room for an answer."""

    async def scenario() -> int:
        model = Fake(good)
        rates = Rates(None, 4 * 600)
        async with calling(model, tmp_path, rates=rates) as (caller, _, _):
            many = asyncio.gather(*(caller.chat(ask("x" * 4 * 88 + str(i))) for i in range(30)))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(many), 0.3)
            asked = len(model.batches)
            many.cancel()
            return asked

    assert asyncio.run(scenario()) in (3, 4)
