"""Calls in flight: no more than permitted, as many as the service bears, none that it refuses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_core.engine.calling import Patience
from rlaif_core.engine.calling.concurrency import Pace
from tests.support.fake_model import Fake, ask, calling, good


def test_no_more_than_permitted_is_in_flight(tmp_path: Path) -> None:
    async def scenario() -> int:
        model = Fake(good, slots=4, pause=0.002)
        async with calling(model, tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(40)))
        return model.most_in_flight

    assert asyncio.run(scenario()) == 4


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
        async with calling(model, tmp_path, patience=Patience(attempts=50)) as (caller, _, _):
            began = time.monotonic()
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(400)))
            return 400 * 0.02 / 8 / (time.monotonic() - began), model.refused

    used, refused = asyncio.run(scenario())
    assert used > 0.5  # of the capacity, on a busy machine
    assert refused < 400


def test_a_service_that_refuses_everything_is_left_in_peace(tmp_path: Path) -> None:
    """Its minute is used up: two hundred waiting calls do not all ask whether it is over."""
    began = time.monotonic()
    refused = 0

    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        nonlocal refused
        if time.monotonic() < began + 0.6:
            refused += 1
            return ModelError("429", overloaded=True, retry_after=0.3)
        return good(request, call)

    async def scenario() -> None:
        async with calling(Fake(behave, slots=8, pause=0.001), tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(200)))

    asyncio.run(scenario())
    assert refused <= 2 * 8


def test_a_released_slot_goes_to_who_waits() -> None:
    async def scenario() -> None:
        pace = Pace(1)
        order: list[int] = []

        async def work(number: int) -> None:
            await pace.enter()
            await asyncio.sleep(0)
            order.append(number)
            pace.leave()

        tasks = [asyncio.ensure_future(work(number)) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 2, 3]
        assert pace.in_flight == 0

    asyncio.run(scenario())


def test_a_call_cancelled_as_a_slot_comes_free_is_cancelled_and_leaves_the_slot() -> None:
    async def scenario() -> None:
        pace = Pace(1)
        await pace.enter()
        waiting = asyncio.ensure_future(pace.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        pace.leave()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert pace.in_flight == 0
        await pace.enter()

    asyncio.run(scenario())
