"""Progress of a run. The command line draws it; tests and scripts stay silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_UNCOUNTED: ContextVar[bool] = ContextVar("uncounted", default=False)


@contextmanager
def without_progress() -> Iterator[None]:
    """Do not count work in this block toward the stage: judging while a policy trains, say."""
    token = _UNCOUNTED.set(True)
    try:
        yield
    finally:
        _UNCOUNTED.reset(token)


def is_without_progress() -> bool:
    """True inside a `without_progress` block, and in tasks begun in one."""
    return _UNCOUNTED.get()


class Progress:
    """Silent. Override what should be shown; calls come from the event loop's thread alone."""

    def start(self, round_index: int, stage: str, total: int | None) -> None:
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
