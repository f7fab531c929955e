"""Which failures are asked again, how often, and how long is waited in between."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    wait_random_exponential,
)

from rlaif_core.api.errors import ModelError

T = TypeVar("T")

LONGEST_WAIT = 60.0
JITTER = 0.1
"""Share by which a wait that the service asked for is lengthened at random, so that the calls it
refused together do not come back together."""

_BACKOFF = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of retrying.

    Attributes:
        attempts: Tries in all.
        timeout: Seconds for one try; None leaves it to the model.
        total_timeout: Seconds after the first try was sent from which on no further one is
            begun; None for no bound.
    """

    attempts: int = 6
    timeout: float | None = None
    total_timeout: float | None = None


class Tries:
    """The tries of one call.

    Args:
        patience: How long to try.

    Attributes:
        made: Tries sent so far.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._excused = 0
        self._first = self._last = self._sent = 0.0
        self._failed: BaseException | None = None
        self.made = 0

    def begin(self) -> None:
        """A try is sent now.

        Raises:
            ModelError: Why the last try failed, if it had to wait for its turn until after the
                total timeout.
        """
        now = time.monotonic()
        if self._failed is not None and self._too_late(now):
            raise self._failed
        self._last, self._sent = self._sent or now, now
        self._first = self._first or now
        self.made += 1

    def refused(self, answered: float) -> None:
        """The service refused the last try for its load.

        It does not count if others were answered meanwhile: then it says nothing of this call,
        which would fail if it were merely unlucky.

        Args:
            answered: When the service last answered any call (`time.monotonic()`).
        """
        self._excused += answered > self._last

    async def until_answered(self, once: Callable[[], Awaitable[T]]) -> T:
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

        retrying = AsyncRetrying(
            stop=self._over,
            wait=_wait,
            retry=retry_if_exception(_transient),
            before_sleep=self._remember,
            reraise=True,
        )
        return await retrying(again)

    def _over(self, state: RetryCallState) -> bool:
        if self.made - self._excused >= self._patience.attempts:
            return True
        return self._too_late(time.monotonic() + state.upcoming_sleep)

    def _too_late(self, when: float) -> bool:
        total = self._patience.total_timeout
        return total is not None and when >= self._first + total

    def _remember(self, state: RetryCallState) -> None:
        self._failed = state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ModelError) else None
    if asked is None:
        return float(_BACKOFF(state))
    return asked * (1.0 + JITTER * random.random())


def _transient(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.transient
