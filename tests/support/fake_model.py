"""A model that follows a script, and a caller that asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rlaif_core.api import ChatReply, ChatRequest, Message, Model, ModelError, Params, Prices, Usage
from rlaif_core.engine.calling import Budget, Caller, RateLimits, RetryPolicy
from rlaif_core.recipe.sections import BudgetSection
from rlaif_core.store.ledger import Answers, Ledger

Behaviour = Callable[[ChatRequest, int], ChatReply | ModelError]


class Fake(Model):
    """Answers as it is told to, and counts."""

    prices = Prices(prompt=1.0, completion=2.0)

    def __init__(self, behave: Behaviour, *, batch: int = 1, slots: int = 8, pause: float = 0.0):
        super().__init__(Params())
        self.batch_size = batch
        self.concurrency = slots
        self._behave = behave
        self._pause = pause
        self.batches: list[list[ChatRequest]] = []
        self.in_flight = self.most_in_flight = 0

    @property
    def identity(self) -> str:
        return "fake"

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        self.batches.append(list(requests))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._pause)
            return [self._behave(request, len(self.batches)) for request in requests]
        finally:
            self.in_flight -= 1


def good(request: ChatRequest, call: int) -> ChatReply:
    return ChatReply(f"answer to {request.messages[0].content}", usage=Usage(1_000_000, 500_000))


def ask(text: str, max_tokens: int = 512) -> ChatRequest:
    return ChatRequest((Message("user", text),), max_tokens=max_tokens)


@asynccontextmanager
async def calling(
    model: Fake,
    folder: Path,
    *,
    budget: BudgetSection | None = None,
    retry_policy: RetryPolicy | None = None,
    rate_limits: RateLimits | None = None,
    cache: Answers | None = None,
) -> AsyncIterator[tuple[Caller, Ledger, list[float | None]]]:
    told: list[float | None] = []
    ledger = Ledger(folder / "ledger.sqlite")
    caller = Caller(
        model,
        ledger,
        Budget(budget or BudgetSection()),
        told.append,
        retry_policy or RetryPolicy(),
        rate_limits or RateLimits(None, None),
        cache,
    )
    try:
        yield caller, ledger, told
    finally:
        await caller.close()
        ledger.close()
