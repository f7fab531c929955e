"""What the evaluation judge says of training pairs: how far it agrees with the training judge."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Prompt, digest
from rlaif_core.metrics.run import JSON
from rlaif_judge_metrics import SECOND, measure_second_opinion

if TYPE_CHECKING:
    from rlaif_core.engine.session import Session
    from rlaif_core.recipe.recipe import Recipe
    from rlaif_core.store.ledger import Reader


def asks_again(recipe: Recipe) -> bool:
    """Whether the recipe has a second judge, and training pairs for it."""
    section = recipe.file.evaluation
    return section.judge is not None and section.second_opinions > 0


async def second_opinion(session: Session, round: int) -> JSON:
    """Let the evaluation judge judge some of a round's training pairs, and compare.

    Returns:
        judge: the `judge` section's part of metrics.json with κ and α of the two judges.

    Raises:
        RunError: If more of its calls failed than `evaluation.judge.max_failures` allows.
    """
    file = session.recipe.file
    items = drawn(session.ledger, round, file.evaluation.second_opinions, file.seed)
    judging = await session.judging("evaluation.judge")
    session.progress.grow(sum(len(judging.expand(*item)) for item in items))
    await judging.judge(round, SECOND, items)
    measured = measure_second_opinion(session.ledger, round)
    kappa = measured["measures"]["train"].get("evaluation_judge_kappa")
    agreed = f", κ {kappa['value']:.2f} with the training judge" if kappa else ""
    return {"summary": f"{len(items)} pairs judged again{agreed}", "judge": measured}


def drawn(ledger: Reader, round: int, size: int, seed: int) -> list[tuple[Prompt, Pair]]:
    """A random sample of the pairs that the training judge decided, in the order of prompts.

    Args:
        ledger: Holds the round's verdicts.
        round: From 0.
        size: Pairs, at most.
        seed: The run's: the same pairs are drawn whenever the same were judged.
    """
    pairs = nsmallest(size, ledger.decided(round), lambda one: digest("second", seed, *one))
    chosen: dict[str, list[tuple[str, str]]] = {}
    for prompt_id, a, b in sorted(pairs):
        chosen.setdefault(prompt_id, []).append((a, b))
    items: list[tuple[Prompt, Pair]] = []
    for prompt in ledger.prompts_among("train", chosen):
        known = {one.id: one for one in ledger.responses_of(prompt.id, round, "train")}
        items += [(prompt, (known[a], known[b])) for a, b in chosen[prompt.id]]
    return items
