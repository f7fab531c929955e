"""The evaluation judge judges some of the training pairs: agreement of the two judges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from heapq import nsmallest

from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Prompt, digest
from rlaif_core.engine.reliability import SECOND, measure
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.run import JSON
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.ledger import Reader


def has_second_judge(recipe: Recipe) -> bool:
    """True if the recipe has a second judge, and training pairs for it."""
    section = recipe.file.evaluation
    return section.judge is not None and section.second_opinions > 0


async def run(round_: Round) -> JSON:
    """Let the evaluation judge judge some of a round's training pairs, and compare.

    Returns:
        judge: the `judge` section's part of metrics.json with κ and α of the two judges.

    Raises:
        RunError: If more of its calls failed than `evaluation.judge.max_failures` allows.
    """
    session, number = round_.session, round_.number
    file = session.recipe.file
    items = drawn(session.ledger, number, file.evaluation.second_opinions, file.seed)
    judging = await session.judging("evaluation.judge")
    session.progress.grow(sum(len(judging.expand(*item)) for item in items))
    await judging.judge(number, SECOND, items)
    metrics = await measure(session, number, SECOND)
    kappa = metrics.get("measures", {}).get("train", {}).get("evaluation_judge_kappa")
    agreed = f", κ {kappa['value']:.2f} with the training judge" if kappa else ""
    return {"summary": f"{len(items)} pairs judged again{agreed}", "judge": metrics}


def drawn(ledger: Reader, round_index: int, size: int, seed: int) -> list[tuple[Prompt, Pair]]:
    """A random sample of the pairs that the training judge decided, in the order of prompts.

    Args:
        ledger: Holds the round's verdicts.
        round_index: From 0.
        size: Pairs, at most.
        seed: The run's: the same pairs are drawn whenever the same were judged.
    """
    decided = ledger.decided(round_index)
    pairs = nsmallest(size, decided, lambda row: digest("second", seed, *row))
    chosen: dict[str, list[tuple[str, str]]] = {}
    for prompt_id, a, b in sorted(pairs):
        chosen.setdefault(prompt_id, []).append((a, b))
    items: list[tuple[Prompt, Pair]] = []
    for prompt in ledger.rows.prompts(ids=chosen):
        responses = {
            response.id: response for response in ledger.rows.responses_to(prompt.id, round_index)
        }
        items += [(prompt, (responses[a], responses[b])) for a, b in chosen[prompt.id]]
    return items


async def forecast(round_: Round, whole: Whole) -> AsyncIterator[Forecast]:
    """Judge pairs that the judge stage has just played again."""
    session = round_.session
    file = session.recipe.file
    judged = [(pair.prompt, (pair.a, pair.b)) for pair in session.ledger.judged(0)]
    pairs = int(len(judged) * whole.times / file.rounds.n + 0.5)
    wanted = min(file.evaluation.second_opinions, pairs)
    items = judged[:wanted]
    await (await session.judging("evaluation.judge")).judge(0, SECOND, items)
    times = file.rounds.n * wanted / max(1, len(items))
    yield Forecast(times, f"{file.rounds.n} × {wanted} training pairs", len(items))


SECOND_JUDGE = Stage(
    name="second_opinion",
    run=run,
    applies=has_second_judge,
    due=lambda round_: round_.labels,
    forecast=forecast,
)
