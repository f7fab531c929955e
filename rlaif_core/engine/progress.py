"""What a run tells whoever watches. The command line draws it; tests and scripts stay silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ASIDE: ContextVar[bool] = ContextVar("aside", default=False)


@contextmanager
def without_progress() -> Iterator[None]:
    """Work in this block is no piece of the stage: judging while a policy trains is one."""
    token = _ASIDE.set(True)
    try:
        yield
    finally:
        _ASIDE.reset(token)


def is_without_progress() -> bool:
    """Whether this runs in an `aside` block, or in a task that was begun in one."""
    return _ASIDE.get()


class Progress:
    """Silent. Override what should be shown; calls come from the event loop's thread alone."""

    def start(self, round: int, stage: str, total: int | None) -> None:
        """A stage begins; `total` pieces of work, None if that is not known yet."""

    def grow(self, total: int) -> None:
        """The stage turns out to have `total` pieces of work."""

    def advance(self, done: int = 1, **figures: float) -> None:
        """`done` more pieces are finished; `figures` are the newest to show (agreement, loss)."""

    def spent(self, usd: float | None) -> None:
        """A model answered for so many dollars; None if the ledger knew the answer."""

    def finish(self, summary: str) -> None:
        """The stage is over; `summary` says in a phrase what came of it."""

    def note(self, line: str) -> None:
        """Something the user should read: a warning, a resumed run."""

    def close(self) -> None:
        """The run is over, however it ended."""
