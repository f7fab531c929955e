"""Calls in flight: no more than permitted, as many as the service answers; on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlaif_aio.concurrency import ConcurrencyLimiter
from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_core.engine.calling import RetryPolicy
from tests.support import virtual_time
from tests.support.fake_model import Fake, ask, calling, good


def test_no_more_than_permitted_is_in_flight(tmp_path: Path) -> None:
    async def scenario() -> int:
        model = Fake(good, slots=4, pause=0.002)
        async with calling(model, tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(40)))
        return model.most_in_flight

    assert virtual_time.run(scenario()) == 4


def test_a_hidden_capacity_is_found(tmp_path: Path) -> None:
    """A service that refuses above 8 in flight is kept nearly full by a caller that may use 32."""

    class Limited(Fake):
        refused = 0

        async def complete(
            self, requests: Sequence[ChatRequest]
        ) -> Sequence[ChatReply | ModelError]:
            if self.in_flight >= 8:
                self.refused += 1
                raise ModelError("429", overloaded=True, retry_after=0.02)
            return await super().complete(requests)

    async def scenario() -> tuple[float, int]:
        model = Limited(good, slots=32, pause=0.02)
        async with calling(model, tmp_path, retry_policy=RetryPolicy(attempts=50)) as (
            caller,
            _,
            _,
        ):
            began = virtual_time.now()
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(400)))
            return 400 * 0.02 / 8 / (virtual_time.now() - began), model.refused

    used, refused = virtual_time.run(scenario())
    assert used > 0.8  # of the capacity
    assert refused < 400


def test_a_service_that_refuses_everything_is_left_in_peace(tmp_path: Path) -> None:
    """Its minute is used up: two hundred waiting calls do not all ask whether it is over."""
    refused, began = 0, 0.0

    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        nonlocal refused, began
        began = began or virtual_time.now()
        if virtual_time.now() < began + 0.6:
            refused += 1
            return ModelError("429", overloaded=True, retry_after=0.3)
        return good(request, call)

    async def scenario() -> None:
        async with calling(Fake(behave, slots=8, pause=0.001), tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(200)))

    virtual_time.run(scenario())
    assert refused <= 2 * 8


def test_a_released_slot_goes_to_who_waits() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter(1)
        order: list[int] = []

        async def work(number: int) -> None:
            await limiter.enter()
            await asyncio.sleep(0)
            order.append(number)
            limiter.leave()

        tasks = [asyncio.ensure_future(work(number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 2, 3]
        assert limiter.in_flight == 0

    virtual_time.run(scenario())


def test_a_call_cancelled_as_a_slot_comes_free_is_cancelled_and_leaves_the_slot() -> None:
    async def scenario() -> None:
        limiter = ConcurrencyLimiter(1)
        await limiter.enter()
        waiting = asyncio.ensure_future(limiter.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        limiter.leave()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert limiter.in_flight == 0
        await limiter.enter()

    virtual_time.run(scenario())
