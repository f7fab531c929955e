"""The caller: a model behind the ledger's cache, retries, limits and a budget.

Remote models (batch_size 1) stream: every permitted request is in flight. Local models are asked
in batches, see `rlaif_aio.batching`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from rlaif_aio.batching import Batcher
from rlaif_aio.concurrency import ConcurrencyLimiter
from rlaif_aio.rate_limits import RateLimits
from rlaif_aio.retries import RetryPolicy, RetryState
from rlaif_core.api.chat import ChatReply, ChatRequest, address
from rlaif_core.api.errors import ModelError, RlaifError, RunError
from rlaif_core.api.model import Model
from rlaif_core.engine.calling.budget import Budget
from rlaif_core.engine.calling.question import Asked, counted
from rlaif_core.store.ledger import Answers, Call, Ledger


class Caller:
    """A `ChatModel` that sends each request once, ever.

    Args:
        model: The model, set up.
        ledger: Where answers are kept.
        budget: What may still be spent.
        on_answer: Called with each answer's cost in dollars, or None if it was known before.
        retry_policy: Attempts and timeouts of a failing call.
        rate_limits: Requests and tokens a minute.
        cache: Answers of other runs.

    Attributes:
        asked: Questions that got an answer or failed for good; those known before count too.
        failed: Those of them that failed.
        last_failure: Why the last of these did.
    """

    def __init__(
        self,
        model: Model[Any],
        ledger: Ledger,
        budget: Budget,
        on_answer: Callable[[float | None], None],
        retry_policy: RetryPolicy,
        rate_limits: RateLimits,
        cache: Answers | None = None,
    ) -> None:
        self.identity = model.identity
        """Names the model and its weights."""
        self._model = model
        self._ledger = ledger
        self._budget = budget
        self._on_answer = on_answer
        self._retry_policy = retry_policy
        self._rate_limits = rate_limits
        self._cache = cache
        self._limiter = ConcurrencyLimiter(model.concurrency)
        self._open: dict[str, asyncio.Future[ChatReply]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.asked = self.failed = 0
        self.last_failure = ""
        self._batcher = Batcher(model.batch_size, self._ask_batch, Asked.order)

    @property
    def capabilities(self) -> frozenset[str]:
        """Capabilities of the model beyond chat."""
        return self._model.capabilities

    @property
    def streams(self) -> bool:
        """True if requests are sent as they come, and not in batches."""
        return self._model.batch_size == 1

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask once, ever; equal questions at the same time share one answer.

        Raises:
            ModelError: After the last retry.
            BudgetReached: If the budget is spent.
        """
        text = request.canonical()
        key = address(self.identity, text)
        answer = self._open.get(key)
        if answer is None:
            known = self._known(key) if self.streams else None
            if known is not None:
                self.asked += 1
                return known
            answer = asyncio.get_running_loop().create_future()
            answer.add_done_callback(lambda _: self._open.pop(key, None))
            self._open[key] = answer
            if self.streams:
                self._start(self._ask([Asked(key, text, request)]))
            elif self._batcher.add(Asked(key, text, request)):
                self._start(self._batcher.work())
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """Begin nothing more, and wait for what is in flight: it is paid for."""
        self._closed = True
        for task in self._tasks - self._asking:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _known(self, key: str) -> ChatReply | None:
        reply = self._ledger.reply(key)
        if reply is None and self._cache is not None:
            call = self._cache.call(key)
            if call is not None:
                self._ledger.keep_calls([call])
                reply = call.reply
        if reply is not None:
            self._on_answer(None)
        return reply

    async def _ask_batch(self, batch: Sequence[Asked]) -> None:
        missing = list(batch)
        try:
            for asked in batch:
                known = self._known(asked.key)
                if known is not None:
                    missing.remove(asked)
                    self._settle(asked.key, known)
        except RunError as error:
            for asked in missing:
                self._settle(asked.key, error)
            return
        if missing:
            await self._ask(missing)

    async def _ask(self, asked: Sequence[Asked]) -> None:
        """Ask the model, and hand out what comes of it: whatever it is, somebody waits for it."""
        answers: Sequence[ChatReply | BaseException]
        try:
            answers = await self._answers(asked)
        except BaseException as error:
            answers = [error] * len(asked)
        for question, answer in zip(asked, answers, strict=True):
            self._settle(question.key, answer)

    async def _answers(self, asked: Sequence[Asked]) -> Sequence[ChatReply | ModelError]:
        state = RetryState(self._retry_policy)
        try:
            answers = await state.until_answered(lambda: self._once(asked, state))
        except ModelError as error:
            for question in asked:
                self._ledger.keep_failure(question.key, self.identity, str(error), state.made)
            return [error] * len(asked)
        await self._ledger.committed()
        return answers

    async def _once(
        self, asked: Sequence[Asked], state: RetryState
    ) -> Sequence[ChatReply | ModelError]:
        task = asyncio.current_task()
        assert task is not None
        self._admit()
        await self._limiter.enter(again=state.made > 0)
        try:
            await self._rate_limits.wait(question.tokens for question in asked)
            self._admit()  # much may have been spent while this call waited
            state.begin()
            began = time.monotonic()
            self._asking.add(task)
            try:
                answers = await self._complete(asked, state)
            finally:
                self._asking.discard(task)
            self._keep(asked, answers, time.monotonic() - began, state.made)
            return answers
        finally:
            self._limiter.leave()

    async def _complete(
        self, asked: Sequence[Asked], state: RetryState
    ) -> Sequence[ChatReply | ModelError]:
        began = asyncio.get_running_loop().time()
        try:
            answers = await self._in_time([question.request for question in asked])
            if len(asked) == 1 and isinstance(answers[0], ModelError):
                raise answers[0]
        except ModelError as error:
            if error.overloaded:
                self._limiter.on_overload(began, error.retry_after)
                state.on_overload(self._limiter.succeeded_at)
            raise
        except RlaifError:
            raise
        except Exception as error:  # one odd reply must not cost the run: this call has failed
            reason = f"{type(self._model).__name__} broke down: {type(error).__name__}: {error}"
            raise ModelError(reason) from error
        self._limiter.on_success()
        return answers

    async def _in_time(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        seconds = self._retry_policy.timeout
        if seconds is None:
            return await self._model.complete(requests)
        try:
            return await asyncio.wait_for(self._model.complete(requests), seconds)
        except (TimeoutError, asyncio.TimeoutError):
            raise ModelError(f"no answer within {seconds:g} s", transient=True) from None

    def _admit(self) -> None:
        if self._closed:
            raise asyncio.CancelledError
        for kept in (self._ledger, self._cache):
            if kept is not None and kept.failure is not None:
                raise kept.failure
        self._budget.admit()

    def _keep(
        self,
        asked: Sequence[Asked],
        answers: Sequence[ChatReply | ModelError],
        seconds: float,
        attempts: int,
    ) -> None:
        calls: list[Call] = []
        for question, answer in zip(asked, answers, strict=True):
            if isinstance(answer, ModelError):
                self._ledger.keep_failure(question.key, self.identity, str(answer), attempts)
                continue
            reply = counted(question.request, answer)
            usd = self._price(reply)
            self._budget.spend(reply.usage, usd)
            self._on_answer(usd)
            key, text = question.key, question.text
            calls.append(Call(key, self.identity, text, reply, usd, seconds, attempts))
        self._ledger.keep_calls(calls)
        if self._cache is not None:
            self._cache.keep_calls(calls)

    def _price(self, reply: ChatReply) -> float:
        prices, usage = self._model.prices, reply.usage
        tokens = usage.prompt_tokens * prices.prompt + usage.completion_tokens * prices.completion
        return tokens / 1e6

    def _settle(self, key: str, answer: ChatReply | BaseException) -> None:
        future = self._open.get(key)
        if future is None or future.done():
            return
        if isinstance(answer, ChatReply):
            self.asked += 1
            future.set_result(answer)
        elif isinstance(answer, asyncio.CancelledError):
            future.cancel()
        else:
            if isinstance(answer, ModelError):
                self.asked, self.failed = self.asked + 1, self.failed + 1
                self.last_failure = str(answer)
            future.set_exception(answer)
            future.exception()  # its asker may have been cancelled; that is no error of ours
