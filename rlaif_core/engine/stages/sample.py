"""Sampling: responses to every prompt, a window after the other, kept as they come."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.records import Prompt
from rlaif_core.api.sampler import Sampler
from rlaif_core.engine.calling import Caller
from rlaif_core.engine.judging.failure_limit import Failures
from rlaif_core.engine.judging.windows import overlapped
from rlaif_core.metrics.run import JSON

if TYPE_CHECKING:
    from rlaif_core.engine.session import Session

WINDOW = 256
"""Prompts whose responses are asked for at once and kept together."""

STREAM_WINDOWS = 4
"""Windows under way at once where every model streams: the slowest reply to one does not hold up
the next. Local models are asked for one after the other, so that batches do not depend on timing.
"""


async def sample(
    session: Session, round: int, sampler: Sampler[Any], prompts: Sequence[Prompt]
) -> JSON:
    """Draw several responses to each prompt that has none yet.

    Raises:
        RunError: If more calls failed than `sampler.max_failures` allows. What was answered is in
            the ledger; the window that failed is asked again by a resumed run, at no cost but for
            its failures.
        DataError: If no prompt got a response.
    """
    ledger, section = session.ledger, session.recipe.file.sampler
    assert section is not None
    failures = Failures("sampler", section.max_failures, "sampler.max_failures")
    models = [one for one in sampler.context.models.values() if isinstance(one, Caller)]
    there = ledger.responses(round, "train")
    counted = {model: (model.asked, model.failed) for model in models}
    unanswered = 0

    def count_calls() -> None:
        for model, (asked, failed) in counted.items():
            counted[model] = now = model.asked, model.failed
            failures.count(now[0] - asked, now[1] - failed, model.last_failure)

    async def one(window: Sequence[Prompt]) -> int:
        """Keep the responses to a window; returns to how many prompts there are none."""
        missing = [prompt for prompt in window if prompt.id not in there]
        failures.count(sum(len(there.get(prompt.id, ())) for prompt in window))
        session.progress.advance(len(window) - len(missing))
        if not missing:
            return 0
        answers = await session.hooks.rlaif_sample(prompts=missing, sampler=sampler, round=round)
        count_calls()
        ledger.keep_responses(round, "train", (one for many in answers for one in many))
        await ledger.committed()
        return sum(not many for many in answers)

    windows = (prompts[start : start + WINDOW] for start in range(0, len(prompts), WINDOW))
    at_once = STREAM_WINDOWS if models and all(model.streams for model in models) else 1
    async with aclosing(overlapped(one, windows, at_once)) as drawn:
        async for without in drawn:
            unanswered += without
    failures.finish()
    total = ledger.counts(round)["responses"]
    if not total:
        raise DataError("no prompt got a response: see the notes above")
    none = f", {unanswered} of which got none" if unanswered else ""
    return {"summary": f"{total} responses to {len(prompts)} prompts{none}"}
