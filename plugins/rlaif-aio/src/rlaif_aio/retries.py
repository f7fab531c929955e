"""Retries of failed calls: which failures, how many attempts, and the waits in between.

An error says itself whether asking again can help, by an attribute `transient`, and how many
seconds to wait, by `retry_after`; one without these attributes is final.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

T = TypeVar("T")

LONGEST_WAIT = 60.0
JITTER = 0.1
"""Largest share by which a wait that the service asked for is lengthened at random, so that calls
refused together do not return together."""

_BACKOFF = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits on the attempts of one call.

    Attributes:
        attempts: Attempts in all.
        timeout: Seconds for one attempt; None leaves it to the model.
        total_timeout: Seconds after the first attempt was sent from which on no further one is
            begun; None for no bound.
    """

    attempts: int = 6
    timeout: float | None = None
    total_timeout: float | None = None


class RetryState:
    """Attempts of one call, timed by the running event loop's clock.

    Args:
        retry_policy: Limits on the attempts.

    Attributes:
        made: Attempts sent so far.
    """

    def __init__(self, retry_policy: RetryPolicy) -> None:
        self._retry_policy = retry_policy
        self._excused = 0
        self._first = self._last = self._sent = 0.0
        self._failed: BaseException | None = None
        self.made = 0

    def begin(self) -> None:
        """Count an attempt that is sent now.

        Raises:
            Exception: The last attempt's, if this one had to wait for its turn until after the
                total timeout.
        """
        now = asyncio.get_running_loop().time()
        if self._failed is not None and self._too_late(now):
            raise self._failed
        self._last, self._sent = self._sent or now, now
        self._first = self._first or now
        self.made += 1

    def on_overload(self, succeeded_at: float) -> None:
        """Excuse the last attempt if other calls succeeded since the one before it was sent.

        An overload that refuses some calls at random is no failure of this one.

        Args:
            succeeded_at: Time of any call's last success, on the loop's clock.
        """
        self._excused += succeeded_at > self._last

    async def until_answered(self, once: Callable[[], Awaitable[T]]) -> T:
        """Call `once` until it succeeds, fails for good, or its attempts are used up.

        Raises:
            Exception: The last one.
        """
        try:
            return await once()  # nearly always the only attempt: no machinery for it
        except Exception as error:
            if not _transient(error):
                raise
            failed = [error]

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
        if self.made - self._excused >= self._retry_policy.attempts:
            return True
        return self._too_late(asyncio.get_running_loop().time() + state.upcoming_sleep)

    def _too_late(self, when: float) -> bool:
        total = self._retry_policy.total_timeout
        return total is not None and when >= self._first + total

    def _remember(self, state: RetryCallState) -> None:
        self._failed = state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked: float | None = getattr(error, "retry_after", None)
    if asked is None:
        return float(_BACKOFF(state))
    return asked * (1.0 + JITTER * random.random())


def _transient(error: BaseException) -> bool:
    return bool(getattr(error, "transient", False))
