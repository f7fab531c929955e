"""Sampling: responses to every prompt, a window after the other, kept as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from itertools import chain
from typing import Any

from rlaif_aio.windows import map_windows
from rlaif_core.api.errors import DataError
from rlaif_core.api.records import Prompt
from rlaif_core.api.sampler import Sampler
from rlaif_core.engine.calling import Caller
from rlaif_core.engine.judging.failure_limit import FailureLimit
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.run import JSON

WINDOW = 256
"""Prompts whose responses are asked for at once and kept together."""

STREAM_WINDOWS = 4
"""Windows under way at once where every model streams: the slowest reply to one does not hold up
the next. Local models are asked for one after the other, so that batches do not depend on timing.
"""


async def run(round_: Round) -> JSON:
    """Draw several responses to each prompt that has none yet.

    Raises:
        RunError: If more calls failed than `sampler.max_failures` allows. What was answered is in
            the ledger; the window that failed is asked again by a resumed run, at no cost but for
            its failures.
        DataError: If no prompt got a response.
    """
    session, number, prompts = round_.session, round_.number, round_.prompts
    sampler: Sampler[Any] = await session.components.get(
        "sampler", checkpoint=round_.checkpoint, snapshots=round_.snapshots
    )
    ledger, section = session.ledger, session.recipe.file.sampler
    assert section is not None
    limit = FailureLimit("sampler", section.max_failures, "sampler.max_failures")
    models = [model for model in sampler.context.models.values() if isinstance(model, Caller)]
    there = ledger.responses(number, "train")
    counted = {model: (model.asked, model.failed) for model in models}
    unanswered = 0

    def count_calls() -> None:
        for model, (asked, failed) in counted.items():
            counted[model] = now = model.asked, model.failed
            limit.count(now[0] - asked, now[1] - failed, model.last_failure)

    async def draw(window: Sequence[Prompt]) -> int:
        """Keep the responses to a window; returns to how many prompts there are none."""
        missing = [prompt for prompt in window if prompt.id not in there]
        limit.count(sum(len(there.get(prompt.id, ())) for prompt in window))
        session.progress.advance(len(window) - len(missing))
        if not missing:
            return 0
        answers = await session.hooks.rlaif_sample(
            prompts=missing, sampler=sampler, round_index=number
        )
        count_calls()
        ledger.keep_responses(number, "train", chain.from_iterable(answers))
        await ledger.committed()
        return sum(not many for many in answers)

    windows = (prompts[start : start + WINDOW] for start in range(0, len(prompts), WINDOW))
    at_once = STREAM_WINDOWS if models and all(model.streams for model in models) else 1
    async with aclosing(map_windows(draw, windows, at_once)) as drawn:
        async for without in drawn:
            unanswered += without
    limit.finish()
    total = ledger.counts(number)["responses"]
    if not total:
        raise DataError("no prompt got a response: see the notes above")
    none = f", {unanswered} of which got none" if unanswered else ""
    return {"summary": f"{total} responses to {len(prompts)} prompts{none}"}


async def forecast(round_: Round, whole: Whole) -> AsyncIterator[Forecast]:
    """Sample responses to the dry run's prompts."""
    await run(round_)
    responses = round_.session.ledger.counts(0)["responses"]
    how = f"{whole.each}, {responses / len(round_.prompts):.3g} responses each"
    yield Forecast(whole.times, how, responses)


SAMPLE = Stage(
    name="sample",
    run=run,
    applies=lambda recipe: recipe.file.pairing is not None,
    size=lambda round_: len(round_.prompts),
    forecast=forecast,
)
