"""Which failures are asked again, how often, and how long is waited in between."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from rlaif_core.api.errors import ModelError

T = TypeVar("T")

LONGEST_WAIT = 60.0
JITTER = 0.1
"""Share by which a wait that the service asked for is lengthened at random, so that the calls it
refused together do not come back together."""

_BACKOFF = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes:
        attempts: Tries in all.
        timeout: Seconds for one try; None leaves it to the model.
        total_timeout: Seconds after which no further try is begun; None for no bound.
    """

    attempts: int = 6
    timeout: float | None = None
    total_timeout: float | None = None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ModelError) else None
    if asked is None:
        return float(_BACKOFF(state))
    return asked * (1.0 + JITTER * random.random())


def _transient(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.transient


async def persist(patience: Patience, once: Callable[[], Awaitable[T]]) -> T:
    """Call `once` until it succeeds, fails for good, or patience is at its end.

    Raises:
        ModelError: The last one.
    """
    try:
        return await once()  # nearly always the only try: no machinery for it
    except ModelError as error:
        failed: list[ModelError] = [error]

    async def again() -> T:
        if failed:
            raise failed.pop()
        return await once()

    stop: stop_base = stop_after_attempt(patience.attempts)
    if patience.total_timeout is not None:
        stop = stop | stop_after_delay(patience.total_timeout)
    retrying = AsyncRetrying(
        stop=stop, wait=_wait, retry=retry_if_exception(_transient), reraise=True
    )
    return await retrying(again)
