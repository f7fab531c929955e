"""A budget, and requests and tokens a minute, on virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_core.engine.calling import BudgetReached, RateLimits
from rlaif_core.recipe.sections import BudgetSection
from tests.support import virtual_time
from tests.support.fake_model import Behaviour, Fake, ask, calling, good


@pytest.mark.parametrize(
    ("limits", "calls", "said"),
    [
        (BudgetSection(usd=5.5), 3, r"budget\.usd is 5\.5 and 6 are spent; .* --set budget\.usd="),
        (BudgetSection(tokens=3_000_000), 2, r"tokens is 3,000,000 and 3,000,000 are spent"),
        (BudgetSection(calls=4), 4, r"calls is 4 and 4 are spent"),
    ],
)
def test_a_budget_stops_the_run_and_keeps_what_was_paid(
    limits: BudgetSection, calls: int, said: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        model = Fake(good, slots=1)
        async with calling(model, tmp_path, budget=limits) as (caller, ledger, _):
            for i in range(calls):
                await caller.chat(ask(str(i)))
            with pytest.raises(BudgetReached, match=said):
                await caller.chat(ask("one more"))
            assert len(model.batches) == calls
            assert ledger.cost().calls == calls

    virtual_time.run(scenario())


def test_tokens_that_a_service_does_not_report_are_estimated(tmp_path: Path) -> None:
    """A budget in tokens or dollars would never be reached otherwise."""

    def silent(request: ChatRequest, call: int) -> ChatReply:
        return ChatReply("x" * 40)

    async def scenario() -> None:
        model, budget = Fake(silent, slots=1), BudgetSection(tokens=90)
        async with calling(model, tmp_path, budget=budget) as (caller, ledger, told):
            for i in range(3):
                await caller.chat(ask(str(i).ljust(80)))
            with pytest.raises(BudgetReached):
                await caller.chat(ask("one more"))
            cost = ledger.cost()
            assert (cost.prompt_tokens, cost.completion_tokens) == (3 * 20, 3 * 10)
            assert told == [pytest.approx((20 * 1.0 + 10 * 2.0) / 1e6)] * 3

    virtual_time.run(scenario())


def test_a_budget_is_exceeded_by_no_more_than_what_was_in_flight(tmp_path: Path) -> None:
    async def scenario() -> None:
        model = Fake(good, slots=5, pause=0.002)
        budget = BudgetSection(calls=11)
        async with calling(model, tmp_path, budget=budget) as (caller, ledger, _):
            many = (caller.chat(ask(str(i))) for i in range(60))
            answers = await asyncio.gather(*many, return_exceptions=True)
            assert all(isinstance(answer, ChatReply | BudgetReached) for answer in answers)
            assert 11 <= ledger.cost().calls < 11 + 5

    virtual_time.run(scenario())


def test_a_budget_is_looked_at_again_after_waiting_for_a_rate(tmp_path: Path) -> None:
    """Calls that wait for their minute are not in flight: they may not exceed the budget."""

    async def scenario() -> int:
        model = Fake(good, slots=8)
        budget = BudgetSection(calls=3)
        async with calling(model, tmp_path, rate_limits=RateLimits(3, None), budget=budget) as (
            caller,
            _,
            _,
        ):
            many = (caller.chat(ask(str(i))) for i in range(12))
            await asyncio.gather(*many, return_exceptions=True)
        return len(model.batches)

    assert virtual_time.run(scenario()) == 3


def good_but_busy(request: ChatRequest, call: int) -> ChatReply | ModelError:
    """Every other call has to be asked again."""
    return ModelError("busy", transient=True, retry_after=0.0) if call % 2 else good(request, call)


@pytest.mark.parametrize("behave", [good, good_but_busy])
@pytest.mark.parametrize("limits", [(120, None), (None, 120 * 100), (120, 120 * 100)])
def test_no_minute_has_more_than_its_rate_and_hardly_less(
    limits: tuple[int | None, int | None],
    behave: Behaviour,
    tmp_path: Path,
) -> None:
    """Requests of 88 tokens with room for 12 more; attempts count, answered or not."""
    sent: list[float] = []

    def noted(request: ChatRequest, call: int) -> ChatReply | ModelError:
        sent.append(virtual_time.now())
        return behave(request, call)

    async def scenario() -> None:
        async with calling(Fake(noted, slots=64), tmp_path, rate_limits=RateLimits(*limits)) as (
            caller,
            *_,
        ):
            questions = [ask(str(i).ljust(4 * 88), max_tokens=12) for i in range(600)]
            many = asyncio.gather(*map(caller.chat, questions))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(many), 150.0)
            many.cancel()

    virtual_time.run(scenario())
    minutes = [sum(begin <= at < begin + 60.0 for at in sent) for begin in sent]
    assert max(minutes) <= 120
    assert len(sent) > 0.95 * 120 * 2.5


def test_what_takes_more_than_a_second_may_holds_up_what_comes_next() -> None:
    flow = RateLimits(None, 600)

    async def scenario() -> tuple[float, float]:
        began = virtual_time.now()
        await flow.wait([200.0])
        first = virtual_time.now() - began
        await flow.wait([1.25])
        return first, virtual_time.now() - began

    first, second = virtual_time.run(scenario())
    assert first < 0.01
    assert second == pytest.approx(19.0, rel=0.05)  # 190 of 600 tokens a minute
