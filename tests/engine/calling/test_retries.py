"""Failures that are asked again, how often, and for how long; on virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_core.engine.calling import RateLimits, RetryPolicy
from tests.support import virtual_time
from tests.support.fake_model import Fake, ask, calling, good


def test_a_passing_fault_is_asked_again_and_a_lasting_one_is_not(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        if request.messages[0].content == "lasting":
            return ModelError("no such model")
        return (
            ModelError("reset", transient=True, retry_after=0.0) if call < 3 else good(request, 0)
        )

    async def scenario() -> None:
        model = Fake(behave)
        async with calling(model, tmp_path) as (caller, ledger, _):
            assert (await caller.chat(ask("passing"))).text == "answer to passing"
            assert len(model.batches) == 3
            with pytest.raises(ModelError, match="no such model"):
                await caller.chat(ask("lasting"))
            assert len(model.batches) == 4
            assert ledger.rows.failures() == [("no such model", 1)]

    virtual_time.run(scenario())


def test_the_wait_that_a_service_asks_for_is_kept(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return (
            ModelError("busy", transient=True, retry_after=0.3) if call == 1 else good(request, 0)
        )

    async def scenario() -> float:
        async with calling(Fake(behave), tmp_path) as (caller, _, _):
            began = virtual_time.now()
            await caller.chat(ask("x"))
            return virtual_time.now() - began

    assert 0.3 <= virtual_time.run(scenario()) <= 0.3 * 1.1


def test_a_call_that_takes_too_long_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        retry_policy = RetryPolicy(attempts=2, timeout=0.02, total_timeout=0.02)
        model = Fake(good, pause=5.0)
        async with calling(model, tmp_path, retry_policy=retry_policy) as (caller, _, _):
            with pytest.raises(ModelError, match=r"no answer within 0\.02 s"):
                await caller.chat(ask("x"))

    virtual_time.run(scenario())


def test_a_call_that_is_refused_while_others_are_answered_is_only_unlucky(tmp_path: Path) -> None:
    """It may be refused more often than it may fail."""
    unlucky = 0

    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        nonlocal unlucky
        if request.messages[0].content == "unlucky" and unlucky < 5:
            unlucky += 1
            return ModelError("429", overloaded=True, retry_after=0.01)
        return good(request, call)

    async def scenario() -> None:
        model = Fake(behave, slots=2, pause=0.002)
        async with calling(model, tmp_path, retry_policy=RetryPolicy(attempts=2)) as (caller, _, _):
            others = [caller.chat(ask(str(i))) for i in range(100)]
            answers = await asyncio.gather(caller.chat(ask("unlucky")), *others)
            assert answers[0].text == "answer to unlucky"
            assert unlucky == 5

    virtual_time.run(scenario())


def test_a_call_that_is_tried_again_goes_before_new_ones(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return (
            ModelError("reset", transient=True, retry_after=0.0) if call == 1 else good(request, 0)
        )

    async def scenario() -> list[str]:
        model = Fake(behave, slots=1, pause=0.005)
        async with calling(model, tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(20)))
        return [batch[0].messages[0].content for batch in model.batches]

    asked = virtual_time.run(scenario())
    assert asked[0] == "0"
    assert "0" in asked[1:5]


def test_the_total_timeout_counts_the_first_try_too(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return ModelError("busy", transient=True, retry_after=0.0)

    async def scenario() -> int:
        model = Fake(behave, pause=0.1)
        retry_policy = RetryPolicy(attempts=99, total_timeout=0.15)
        async with calling(model, tmp_path, retry_policy=retry_policy) as (caller, _, _):
            with pytest.raises(ModelError):
                await caller.chat(ask("x"))
        return len(model.batches)

    assert virtual_time.run(scenario()) == 2


def test_a_wait_longer_than_the_total_timeout_is_not_begun(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return ModelError("come back tomorrow", overloaded=True, retry_after=86_400.0)

    async def scenario() -> None:
        retry_policy = RetryPolicy(total_timeout=60.0)
        async with calling(Fake(behave), tmp_path, retry_policy=retry_policy) as (caller, _, _):
            with pytest.raises(ModelError, match="tomorrow"):
                await asyncio.wait_for(caller.chat(ask("x")), 5.0)

    virtual_time.run(scenario())


def test_a_model_that_breaks_down_over_one_call_fails_that_call_alone(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        if request.messages[0].content == "3":
            raise KeyError("choices")
        return good(request, call)

    async def scenario() -> None:
        async with calling(Fake(behave), tmp_path) as (caller, ledger, _):
            answers = await asyncio.gather(
                *(caller.chat(ask(str(i))) for i in range(6)), return_exceptions=True
            )
            assert [isinstance(answer, ModelError) for answer in answers].count(True) == 1
            assert ledger.rows.failures() == [("Fake broke down: KeyError: 'choices'", 1)]

    virtual_time.run(scenario())


@pytest.mark.parametrize("asked_for", [None, 0.2])
def test_calls_that_fail_together_do_not_come_back_together(
    asked_for: float | None, tmp_path: Path
) -> None:
    came: dict[str, list[float]] = {}

    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        times = came.setdefault(request.messages[0].content, [])
        times.append(virtual_time.now())
        if len(times) == 1:
            return ModelError("reset", transient=True, retry_after=asked_for)
        return good(request, call)

    async def scenario() -> None:
        async with calling(Fake(behave, slots=32), tmp_path) as (caller, _, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(32)))

    virtual_time.run(scenario())
    waited = [again - first for first, again in came.values()]
    assert min(waited) >= (asked_for or 0.0)
    assert max(waited) - min(waited) > 0.1 * (asked_for or 0.5) / 2


def test_no_try_is_begun_after_the_total_timeout_however_long_it_waited_for_its_rate(
    tmp_path: Path,
) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return ModelError("busy", transient=True, retry_after=0.0)

    async def scenario() -> int:
        model, policy = Fake(behave), RetryPolicy(attempts=9, total_timeout=0.1)
        limits = RateLimits(1, None)
        async with calling(model, tmp_path, retry_policy=policy, rate_limits=limits) as (
            caller,
            *_,
        ):
            with pytest.raises(ModelError, match="busy"):
                await caller.chat(ask("x"))
        return len(model.batches)

    assert virtual_time.run(scenario()) == 1
