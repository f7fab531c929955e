"""The caller: a model behind the ledger's cache, retries and a bound on what is in flight.

Remote models (batch_size 1) stream: every permitted request is in flight. Local models are asked
in waves. A wave is all that is waiting once the event loop has gone quiet, sorted and cut into
batches. Answers that the ledger already holds take their place in the wave too, so that a
resumed run cuts the same batches as an undisturbed one, and a batch's rows, whose last bits
depend on the batch around them, come out the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from rlaif_core.api.chat import ChatReply, ChatRequest
from rlaif_core.api.errors import ModelError
from rlaif_core.api.model import Model
from rlaif_core.engine.ledger import Call, Ledger

ATTEMPTS = 6
LONGEST_WAIT = 60.0
QUIET_TURNS = 3
"""Turns of the event loop without a new request after which a wave is taken to be complete."""

_BACKOFF = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ModelError) else None
    return asked if asked is not None else float(_BACKOFF(state))


def _transient(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.transient


class Caller:
    """A `ChatModel`: asks each question once, ever.

    Args:
        model: The model, set up.
        ledger: Where answers are kept.
        asked: Called with each answer's cost in dollars, or None if the ledger had it.
    """

    def __init__(
        self, model: Model[Any], ledger: Ledger, asked: Callable[[float | None], None]
    ) -> None:
        self._model = model
        self._ledger = ledger
        self._asked = asked
        self._slots = asyncio.Semaphore(model.concurrency)
        self._futures: dict[str, asyncio.Future[ChatReply]] = {}
        self._wave: dict[str, ChatRequest] = {}
        self._worker: asyncio.Task[None] | None = None

    @property
    def identity(self) -> str:
        """Names the model and its weights."""
        return self._model.identity

    @property
    def capabilities(self) -> frozenset[str]:
        """What the model can do beyond chat."""
        return self._model.capabilities

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask once, ever; equal questions at the same time share one answer.

        Raises:
            ModelError: After the last retry.
        """
        key = request.key(self.identity)
        future = self._futures.get(key)
        if future is None:
            if self._model.batch_size == 1:
                known = self._ledger.reply(key)
                if known is not None:
                    self._asked(None)
                    return known
            future = asyncio.get_running_loop().create_future()
            future.add_done_callback(lambda _: self._futures.pop(key, None))
            self._futures[key] = future
            self._wave[key] = request
            if self._model.batch_size == 1:
                task = asyncio.ensure_future(self._stream(key))
                future.add_done_callback(lambda _: task)  # keeps the task alive until answered
            elif self._worker is None:
                self._worker = asyncio.ensure_future(self._work())
        return await asyncio.shield(future)

    async def _stream(self, key: str) -> None:
        async with self._slots:
            await self._answer([(key, self._wave.pop(key))])

    async def _work(self) -> None:
        try:
            while self._wave:
                await self._quiet()
                wave, self._wave = self._wave, {}
                ordered = sorted(wave.items(), key=_by_shape)
                size = self._model.batch_size
                for start in range(0, len(ordered), size):
                    await self._batch(ordered[start : start + size])
        finally:
            self._worker = None

    async def _quiet(self) -> None:
        seen, turns = -1, 0
        while turns < QUIET_TURNS:
            turns = turns + 1 if len(self._wave) == seen else 0
            seen = len(self._wave)
            await asyncio.sleep(0)

    async def _batch(self, batch: Sequence[tuple[str, ChatRequest]]) -> None:
        missing = []
        for key, request in batch:
            known = self._ledger.reply(key)
            if known is None:
                missing.append((key, request))
            else:
                self._asked(None)
                self._settle(key, known)
        if missing:
            await self._answer(missing)

    async def _answer(self, asked: Sequence[tuple[str, ChatRequest]]) -> None:
        """Ask the model, keep what it answered, then hand it out."""
        attempts = 0

        async def once() -> Sequence[ChatReply | ModelError]:
            nonlocal attempts
            attempts += 1
            answers = await self._model.complete([request for _, request in asked])
            if len(asked) == 1 and isinstance(answers[0], ModelError):
                raise answers[0]
            return answers

        began = time.monotonic()
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            retry=retry_if_exception(_transient),
            reraise=True,
        )
        answers: Sequence[ChatReply | ModelError | BaseException]
        try:
            answers = await retrying(once)
        except ModelError as error:
            answers = [error] * len(asked)
        except BaseException as error:
            for key, _ in asked:
                self._settle(key, error)
            if not isinstance(error, Exception):
                raise
            return
        seconds = time.monotonic() - began
        calls = [
            Call(
                key,
                self.identity,
                request.canonical(),
                answer,
                self._price(answer),
                seconds,
                attempts,
            )
            for (key, request), answer in zip(asked, answers, strict=True)
            if isinstance(answer, ChatReply)
        ]
        try:
            self._ledger.keep_calls(calls)
            for (key, _), answer in zip(asked, answers, strict=True):
                if isinstance(answer, ModelError):
                    self._ledger.keep_failure(key, self.identity, str(answer), attempts)
            await self._ledger.committed()
        except BaseException as error:
            answers = [error] * len(asked)
        for call in calls:
            self._asked(call.usd)
        for (key, _), answer in zip(asked, answers, strict=True):
            self._settle(key, answer)

    def _price(self, reply: ChatReply) -> float:
        prices, usage = self._model.prices, reply.usage
        tokens = usage.prompt_tokens * prices.prompt + usage.completion_tokens * prices.completion
        return tokens / 1e6

    def _settle(self, key: str, answer: ChatReply | BaseException) -> None:
        future = self._futures.get(key)
        if future is None or future.done():
            return
        if isinstance(answer, BaseException):
            future.set_exception(answer)
            future.exception()  # its asker may have been cancelled; that is no error of ours
        else:
            future.set_result(answer)


def _by_shape(item: tuple[str, ChatRequest]) -> tuple[bool, int, str]:
    key, request = item
    length = sum(len(turn.content) for turn in request.messages) + len(request.prefix)
    return bool(request.options), length, key
