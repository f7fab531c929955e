"""A stage of a round: when it applies, its work, and why it may hold up the run."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from rlaif_core.engine.round import Round
from rlaif_core.metrics.judge import warnings
from rlaif_core.metrics.run import JSON, finite
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.stage_costs import begin


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole of which a dry run plays a sample.

    Attributes:
        items: Prompts, or given pairs, in all.
        times: Factor from the sample to all items over all rounds.
        each: The same in words, such as "2 × 64 prompts".
        played: Items that a sample has, at most.
    """

    items: int
    times: float
    each: str
    played: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Factor from the calls just made in a dry run to those of the whole run.

    Attributes:
        times: The factor.
        how: How it came about, in words.
        pieces: Comparisons, responses or prompts that were just played.
    """

    times: float
    how: str
    pieces: int


def _nothing(figures: JSON) -> str:
    return ""


def _always(round_: Round) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage. A pipeline is a tuple of stages; the same stage may stand in several.

    Attributes:
        name: As the ledger, hooks and metrics.json have it.
        run: Does the work on a round; returns its figures, among them `summary`, a phrase.
        applies: Whether a recipe has this stage.
        due: Whether this round has it, given earlier rounds.
        size: Pieces of work, for the progress bar; None if not known yet.
        waits: The reason to end the run after this stage, from its figures; empty for none. A
            stage that waits runs again next time.
        unfinished: Whether the stage runs again next time without ending the run.
        warning: What the user should be told, from its figures, each time the run passes by.
        forecast: Plays the stage in a dry run, and yields after each part how it scales. None for
            a stage that asks no model, or whose calls cannot be known before.
        unforeseen: What of the stage asks models that no forecast knows, in words.
    """

    name: str
    run: Callable[[Round], Awaitable[JSON]]
    applies: Callable[[Recipe], bool]
    due: Callable[[Round], bool] = _always
    size: Callable[[Round], int | None] = lambda round_: None
    waits: Callable[[JSON], str] = _nothing
    unfinished: Callable[[JSON], bool] = lambda figures: False
    warning: Callable[[JSON], str] = _nothing
    forecast: Callable[[Round, Whole], AsyncIterator[Forecast]] | None = None
    unforeseen: Callable[[Recipe], Iterable[str]] = lambda recipe: ()

    def done(self, figures: JSON) -> bool:
        """True if a stage with these figures is over."""
        return not self.waits(figures) and not self.unfinished(figures)

    async def play(self, round_: Round) -> JSON:
        """Run the stage unless the ledger has it done; returns its figures either way.

        Metrics of a judge that lie outside their limits are noted as soon as they are measured.
        """
        session = round_.session
        ledger, number = session.ledger, round_.number
        spent_before, figures, done = ledger.stage(number, self.name)
        if done:
            return figures
        session.hooks.rlaif_stage_started(round_index=number, stage=self.name)
        session.progress.start(number, self.name, self.size(round_))
        begin(ledger, number, self.name)
        began = time.monotonic()
        try:
            figures = dict(finite(await self.run(round_)))
            done = self.done(figures)
        finally:
            seconds = spent_before + time.monotonic() - began
            ledger.keep_stage(number, self.name, seconds, figures, done=done)
        await ledger.committed()
        for line in warnings(figures.get("judge", {})):
            session.progress.note(f"round {number}: judge, {line}")
        session.progress.finish(str(figures.get("summary", "")))
        session.hooks.rlaif_stage_finished(round_index=number, stage=self.name, seconds=seconds)
        return figures
