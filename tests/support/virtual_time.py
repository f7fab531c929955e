"""An event loop on virtual time: a wait of a minute takes none, on a busy machine too."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

TURN = 1e-6
"""Seconds of a turn: a wait too short to change a float would never end."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose turns take a microsecond each, and whose clock jumps to the next timer if idle.

    What threads hand back is waited for in real time, and takes no virtual time.
    """

    def __init__(self) -> None:
        self._now = 1_000.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Sequence[Any]:  # type: ignore[override]
        self._loop.advance(TURN)
        if timeout is None or timeout <= 0.0:
            return super().select(timeout)
        ready = super().select(0.0)
        if not ready:
            self._loop.advance(timeout)
        return ready


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def now() -> float:
    """Seconds on the running loop's clock."""
    return asyncio.get_running_loop().time()
