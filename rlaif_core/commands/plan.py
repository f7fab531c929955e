"""What a recipe will cost, before anything is spent: a rehearsal with models that only count.

The recipe's own sampler, pairing, judges and evaluators are played over a few of its real prompts.
What they ask is counted, and scaled to all prompts. So prompts, templates, orders, votes and calls
a comparison are the real ones; assumed is only how long answers are, and how many characters make
a token.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from rlaif_core.api.executor import Executor
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Prompt
from rlaif_core.commands.dry_run import Lenient, Rehearsal, Tally
from rlaif_core.commands.judge import Pairs
from rlaif_core.commands.run import read_prompts
from rlaif_core.engine.components import POLICY, hook_manager
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.calibrate import read_anchors
from rlaif_core.engine.stages.evaluate import evaluate
from rlaif_core.engine.stages.guard import guarded
from rlaif_core.engine.stages.second_judge import asks_again
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.ledger import Ledger
from rlaif_core.store.run_dir import RunFolder
from rlaif_judge_metrics import SECOND

REHEARSED = 32
"""Prompts that are played."""

SAVED = ", at most: adaptive voting saves some"


@dataclass(frozen=True)
class StagePlan:
    """One line of a plan.

    Attributes:
        stage: "sample", "judge", "calibrate", "second_opinion" or "evaluate", over all rounds.
        model: Its place in the recipe.
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


async def plan(recipe: Recipe, pairs: Pairs | None = None) -> list[StagePlan]:
    """Forecast a recipe's model calls, stage by stage.

    Args:
        recipe: What is to be run.
        pairs: Begins the pairs that it is to label instead, as by `label_pairs`.

    Raises:
        RlaifError: If prompts or pairs cannot be read or a component cannot be set up.
    """
    saved = _saved(recipe)
    recipe = _with_every_vote(recipe)
    if pairs is not None:
        recipe = _in_one_round(recipe)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder, "ledger.sqlite"))
        parts = Rehearsal(recipe, ledger)
        run_folder = RunFolder(Path(folder))
        try:
            executor: Executor[Any] = await parts.get("executor")
            manager = hook_manager([])
            manager.register(Lenient(executor, Progress()))
            session = Session(
                recipe, run_folder, ledger, parts, manager.hook, Progress(), gates=False
            )
            if pairs is None:
                lines = await _rehearse(session, parts)
            else:
                lines = await _given(session, parts, pairs)
            return [
                replace(one, how=one.how + SAVED) if (one.stage, one.model) in saved else one
                for one in lines
            ]
        finally:
            await parts.close()
            ledger.close()
            run_folder.close()


def not_planned(recipe: Recipe) -> Iterator[str]:
    """Who asks models besides, how often nobody knows before it happens."""
    optimizer = recipe.parts.get("optimizer")
    if optimizer is not None and issubclass(optimizer.component, Optimizer):
        if optimizer.component.needs_scorer:
            yield "the rewards that its optimizer learns from"
        if recipe.file.evaluation.watch == "judge":
            yield "the judge that watches its training"
    if guarded(recipe) is not None:
        yield "its guards"


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
    """How many votes adaptive voting saves depends on the verdicts, which nobody knows yet."""
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


async def _rehearse(session: Session, parts: Rehearsal) -> list[StagePlan]:
    await read_prompts(session)
    labelling = await _labelling(session, parts)
    return labelling + await _evaluation(session, parts)


async def _given(session: Session, parts: Rehearsal, pairs: Pairs) -> list[StagePlan]:
    """Pairs that exist already: the judge is played on some, from all over the file."""
    count = sum(1 for _ in pairs())
    some = islice(pairs(), 0, None, max(1, count // REHEARSED))
    items = [(one.prompt, (one.a, one.b)) for one in islice(some, REHEARSED)]
    judging = await session.judging()
    parts.stage = "judge"
    await judging.judge(0, "train", items)
    comparisons = sum(len(judging.expand(*item)) for item in items)
    how = f"{count} pairs, {comparisons / len(items):.3g} comparisons each"
    lines = _lines(parts, "judge", count / len(items), how, comparisons)
    lines += await _calibration(session, parts)
    return lines + await _second_opinion(session, parts, items, count)


async def _labelling(session: Session, parts: Rehearsal) -> list[StagePlan]:
    if session.recipe.file.pairing is None:
        return []
    round = Round(session, 0)
    prompts = session.ledger.prompts("train")
    round.prompts = _some(prompts)
    parts.stage = "sample"
    await round.sample()
    parts.stage = "judge"
    await round.judge()
    played = len(round.prompts)
    file = session.recipe.file
    passes = 1 if file.rounds.prompts == "fresh" else file.rounds.n
    scale = len(prompts) * passes / played
    counts = session.ledger.counts(0)
    each = f"{passes} × {len(prompts)} prompts"
    how = f"{each}, {counts['responses'] / played:.3g} responses each"
    lines = _lines(parts, "sample", scale, how, counts["responses"])
    how = f"{each}, {counts['comparisons'] / played:.3g} comparisons each"
    lines += _lines(parts, "judge", scale, how, counts["comparisons"])
    lines += await _calibration(session, parts)
    judged = [(one.prompt, (one.a, one.b)) for one in session.ledger.judged(0)]
    pairs = int(len(judged) * scale / file.rounds.n + 0.5)
    return lines + await _second_opinion(session, parts, judged, pairs)


def _some(prompts: Sequence[Prompt]) -> list[Prompt]:
    """As many as are played, from all over the list."""
    return list(prompts[:: max(1, len(prompts) // REHEARSED)][:REHEARSED])


async def _calibration(session: Session, parts: Rehearsal) -> list[StagePlan]:
    section = session.recipe.file.judge.calibration
    if section is None:
        return []
    anchors = read_anchors(session, section.anchors)
    parts.stage = "calibrate"
    await (await session.judging(gated=False)).judge(
        0, "calibrate", [(one.prompt, (one.a, one.b)) for one in anchors]
    )
    changes = POLICY in session.recipe.models_of("judge").values()
    rounds = session.recipe.file.rounds.n if changes else 1  # the same judge answers once
    return _lines(parts, "calibrate", rounds, f"{rounds} × {len(anchors)} anchors", len(anchors))


async def _second_opinion(
    session: Session, parts: Rehearsal, judged: Sequence[tuple[Prompt, Pair]], pairs: int
) -> list[StagePlan]:
    """The second judge is played on pairs that were; there are `pairs` in a round."""
    if not asks_again(session.recipe):
        return []
    file = session.recipe.file
    rounds, wanted = file.rounds.n, min(file.evaluation.second_opinions, pairs)
    asked = judged[:wanted]
    parts.stage = "second_opinion"
    await (await session.judging("evaluation.judge")).judge(0, SECOND, asked)
    times = rounds * wanted / max(1, len(asked))
    how = f"{rounds} × {wanted} training pairs"
    return _lines(parts, "second_opinion", times, how, len(asked))


async def _evaluation(session: Session, parts: Rehearsal) -> list[StagePlan]:
    """The first round draws the base's responses; each later one compares with the one before."""
    heldout = session.ledger.prompts("heldout")
    if not session.recipe.file.evaluators:
        return []
    some, rounds = _some(heldout), session.recipe.file.rounds.n
    session.ledger.keep_prompts("heldout", some)
    parts.stage = "evaluate"
    await evaluate(Round(session, 0))
    if rounds > 1:
        parts.stage = "evaluate again"
        await evaluate(Round(session, 1))
        parts.add("evaluate", "evaluate again", rounds - 1)
    scale = len(heldout) / max(1, len(some))
    how = f"{rounds} × {len(heldout)} held-out prompts"
    return _lines(parts, "evaluate", scale, how, rounds * len(some))


def _lines(parts: Rehearsal, stage: str, scale: float, how: str, pieces: int) -> list[StagePlan]:
    """What a stage that was played asks of each model, so many times.

    Args:
        parts: What was played.
        stage: Its name.
        scale: How many times what was played is to be asked.
        how: What there is of it in all.
        pieces: What was played of it.
    """
    return [
        _line(parts, stage, place, tally, scale, f"{how}, {_calls(tally.calls / max(1, pieces))}")
        for (played, place), tally in parts.tallies.items()
        if played == stage
    ]


def _calls(each: float) -> str:
    return f"{each:.3g} call{'' if each == 1 else 's'} each"


def _line(
    parts: Rehearsal, stage: str, place: str, tally: Tally, scale: float, how: str
) -> StagePlan:
    model = parts.models[place]
    prompt, completion = tally.prompt_tokens * scale, tally.completion_tokens * scale
    priced = prompt * model.prices.prompt + completion * model.prices.completion
    usd = None if model.unpriced() else priced / 1e6
    return StagePlan(
        stage, place, round(tally.calls * scale), round(prompt), round(completion), usd, how
    )
