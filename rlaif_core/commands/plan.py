"""`rlaif plan`: a forecast of a recipe's calls, tokens and cost, before anything is spent.

A dry run with models that only count plays the recipe's own sampler, pairing, judges and evaluators
over a few of its real prompts, stage by stage, and each stage says how that scales. So prompts,
templates, orders, votes and calls a comparison are the real ones; assumed is only how long answers
are, and how many characters make a token.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rlaif_core.commands.dry_run import CallCounter, DryRun, LenientHooks
from rlaif_core.data.pairs import GivenPair, GivenPairs
from rlaif_core.engine.hooks import hook_manager
from rlaif_core.engine.pipeline import JUDGE_PAIRS, RUN
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.pairs import LOAD_PAIRS
from rlaif_core.engine.stages.prompts import READ_PROMPTS
from rlaif_core.engine.stages.stage import Stage, Whole
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.ledger import Ledger
from rlaif_core.store.run_dir import RunFolder

PLAYED = 32
"""Prompts, or given pairs, that are played."""

SAVED = ", at most: adaptive voting saves some"


@dataclass(frozen=True)
class StagePlan:
    """One line of a plan.

    Attributes:
        stage: The stage's name; its calls are those of all rounds.
        model: The model's place in the recipe.
        calls: Questions; those that a ledger or cache knows will cost nothing.
        prompt_tokens: Estimated from the characters of what is asked.
        completion_tokens: Estimated from `max_tokens`.
        usd: At the model's prices; None if they are not known.
        how: How the number of calls came about.
    """

    stage: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    how: str


async def plan(
    recipe: Recipe, read: Callable[[], Iterator[GivenPair]] | None = None
) -> list[StagePlan]:
    """Forecast a recipe's model calls, stage by stage.

    Args:
        recipe: The recipe to be run.
        read: Begins the pairs that it is to label instead, as for `label_pairs`.

    Raises:
        RlaifError: If prompts or pairs cannot be read or a component cannot be set up.
    """
    saved = _saved(recipe)
    recipe = _with_every_vote(recipe)
    if read is not None:
        recipe = _in_one_round(recipe)
    async with _dry_run(recipe) as (session, dry_run):
        if read is None:
            round_, whole = await _sampled(session)
        else:
            round_, whole = await _of_pairs(session, GivenPairs(read))
        pipeline = RUN if read is None else JUDGE_PAIRS
        lines = [line async for line in _forecast(round_, whole, pipeline, dry_run)]
    return [
        replace(line, how=line.how + SAVED) if (line.stage, line.model) in saved else line
        for line in lines
    ]


def not_planned(recipe: Recipe, pipeline: tuple[Stage, ...] = RUN) -> Iterator[str]:
    """Calls that no forecast knows, in words, stage by stage."""
    for stage in pipeline:
        if stage.applies(recipe):
            yield from stage.unforeseen(recipe)


@asynccontextmanager
async def _dry_run(recipe: Recipe) -> AsyncIterator[tuple[Session, DryRun]]:
    with (
        tempfile.TemporaryDirectory() as path,
        closing(RunFolder(Path(path))) as folder,
        closing(Ledger(folder.ledger)) as ledger,
    ):
        dry_run = DryRun(recipe, ledger)
        try:
            manager = hook_manager([])
            manager.register(LenientHooks(await dry_run.get("executor"), Progress()))
            hooks = manager.hook
            yield Session(recipe, folder, ledger, dry_run, hooks, Progress(), gates=False), dry_run
        finally:
            await dry_run.close()


async def _sampled(session: Session) -> tuple[Round, Whole]:
    """A round over some of the recipe's prompts."""
    await READ_PROMPTS.run(Round(session, 0))
    prompts = session.ledger.prompts("train")
    some = prompts[:: max(1, len(prompts) // PLAYED)][:PLAYED]
    rounds = session.recipe.file.rounds
    passes = 1 if rounds.prompts == "fresh" else rounds.n
    each = f"{passes} × {len(prompts)} prompts"
    whole = Whole(len(prompts), len(prompts) * passes / len(some), each, PLAYED)
    return Round(session, 0, some), whole


async def _of_pairs(session: Session, pairs: GivenPairs) -> tuple[Round, Whole]:
    """A round over some of the pairs, from all over the file."""
    some = list(islice(pairs, 0, None, max(1, len(pairs) // PLAYED)))[:PLAYED]
    round_ = Round(session, 0, given=GivenPairs(lambda: iter(some)))
    await LOAD_PAIRS.run(round_)
    return round_, Whole(len(pairs), len(pairs) / len(some), f"{len(pairs)} pairs", PLAYED)


async def _forecast(
    round_: Round, whole: Whole, pipeline: tuple[Stage, ...], dry_run: DryRun
) -> AsyncIterator[StagePlan]:
    """Walk a command's stages: the calls of each are counted, and scaled as it says."""
    for stage in pipeline:
        planned = stage.applies(round_.session.recipe) and stage.due(round_)
        if stage.forecast is None or not planned:
            continue
        totals: dict[str, CallCounter] = {}
        pieces, how = 0.0, ""
        async for forecast in stage.forecast(round_, whole):
            pieces, how = pieces + forecast.pieces * forecast.times, forecast.how
            for place, counter in dry_run.take().items():
                totals.setdefault(place, CallCounter()).add(
                    counter.calls * forecast.times,
                    counter.prompt_tokens * forecast.times,
                    counter.completion_tokens * forecast.times,
                )
        for place, total in totals.items():
            each = total.calls / max(1.0, pieces)
            calls = f"{each:.3g} call{'' if each == 1 else 's'} each"
            yield _line(dry_run, stage.name, place, total, f"{how}, {calls}")


def _line(dry_run: DryRun, stage: str, place: str, total: CallCounter, how: str) -> StagePlan:
    model, prompt, completion = dry_run.models[place], total.prompt_tokens, total.completion_tokens
    priced = prompt * model.prices.prompt + completion * model.prices.completion
    usd = None if model.unpriced() else priced / 1e6
    return StagePlan(stage, place, round(total.calls), round(prompt), round(completion), usd, how)


def _saved(recipe: Recipe) -> set[tuple[str, str]]:
    """Stages whose votes may stop early, each with the models that are asked less by it."""
    file = recipe.file
    own = "evaluation.judge" if file.evaluation.judge is not None else "judge"
    judges = {"calibrate": "judge", "judge": "judge", "second_opinion": own, "evaluate": own}
    sections = {"judge": file.judge, "evaluation.judge": file.evaluation.judge}
    return {
        (stage, model)
        for stage, place in judges.items()
        if (section := sections[place]) is not None and section.adaptive is not None
        for model in recipe.models_of(place).values()
    }


def _with_every_vote(recipe: Recipe) -> Recipe:
    """The recipe without adaptive voting: what it saves depends on verdicts nobody knows yet."""
    file = recipe.file
    judge = file.judge.model_copy(update={"adaptive": None})
    evaluation = file.evaluation
    if evaluation.judge is not None:
        other = evaluation.judge.model_copy(update={"adaptive": None})
        evaluation = evaluation.model_copy(update={"judge": other})
    return replace(recipe, file=file.model_copy(update={"judge": judge, "evaluation": evaluation}))


def _in_one_round(recipe: Recipe) -> Recipe:
    """Pairs are labelled once, however many rounds the recipe would play."""
    rounds = recipe.file.rounds.model_copy(update={"n": 1})
    return replace(recipe, file=recipe.file.model_copy(update={"rounds": rounds}))
