"""`rlaif run`: a whole recipe, going on where an earlier try stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

from rlaif_core.api.evaluator import Evaluator
from rlaif_core.api.model import Model
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.engine.judging.anchors import read_anchors
from rlaif_core.engine.pipeline import play
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.reliability import rankings
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session, opened
from rlaif_core.engine.stages.prompts import READ_PROMPTS
from rlaif_core.metrics.best_round import summarise
from rlaif_core.metrics.run import JSON, finite, run_metrics
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.run_dir import RunFolder


async def run(recipe: Recipe, folder: RunFolder, progress: Progress) -> JSON:
    """Play every round of a recipe in its directory, going on where an earlier try stopped.

    Returns:
        The content of metrics.json.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the ledger.
    """
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        begun, stopped = 0, ""

        def begin(number: int) -> None:
            nonlocal begun
            begun = number + 1

        try:
            for path in _anchors(recipe):
                read_anchors(recipe.resource(path))  # before anything is paid for
            await _open_services(session)
            await READ_PROMPTS.play(Round(session, 0))
            await _check_ahead(session)
            stopped = await play(session, begin)
            if stopped:
                session.progress.note(f"stopped in {stopped}")
        finally:
            session.components.keep_counts()
            session.metrics = run_metrics(session.ledger, begun)
            policies = await rankings(session, range(begun), "evaluation")
            if policies is not None:
                session.metrics["policies"] = finite(policies)
            session.metrics |= summarise(session.metrics["rounds"], recipe.file.evaluation)
            if stopped:
                session.metrics["stopped"] = stopped
            folder.write_json("metrics.json", session.metrics)
        _point_at_best(session, begun)
        return session.metrics


def _anchors(recipe: Recipe) -> Iterator[str]:
    file = recipe.file
    if file.judge.calibration is not None:
        yield file.judge.calibration.anchors
    if file.guards is not None and file.guards.anchors is not None:
        yield file.guards.anchors


async def _open_services(session: Session) -> None:
    """Open every service that will be asked, so that a missing key is reported now."""
    recipe = session.recipe
    asked = {model for place in recipe.components for model in recipe.models_of(place).values()}
    for model in sorted(asked):
        component = recipe.components[model].component
        if issubclass(component, Model) and component.is_service:
            await session.components.model(model)


async def _check_ahead(session: Session) -> None:
    """Let what trains and what evaluates refuse what it cannot, before a judgement is paid for."""
    _, _, judged = session.ledger.stage(0, "judge")
    if judged:
        return
    for index in range(len(session.recipe.file.evaluators)):
        evaluator = cast("Evaluator[Any]", session.recipe.build(f"evaluators.{index}"))
        await asyncio.to_thread(evaluator.check)
    for place in ("reward_model", "optimizer"):
        if session.components.has(place):
            trainer: RewardModel[Any] | Optimizer[Any] = await session.components.get(place)
            prompts = session.ledger.prompts("train")
            await asyncio.to_thread(trainer.check, session.components.weights(), prompts)


def _point_at_best(session: Session, begun: int) -> None:
    """Link `policy` to the best round's, or the last one's if nothing ranks them."""
    if not session.components.has("optimizer"):
        return
    if why := session.metrics.get("unranked"):
        session.progress.note(f"WARNING: {why}; the last round's policy stands for the best")
    best = session.metrics.get("best")
    if best is None:
        trained = [n for n in range(begun) if session.folder.of_round(n, "policy").exists()]
        if trained:
            session.folder.link("policy", f"round-{trained[-1]}/policy")
        return
    session.folder.link("policy", f"round-{best['round']}/policy")
    turned = session.metrics.get("overoptimization", {}).get("turned")
    if turned is not None:
        session.progress.note(
            f"WARNING: in round {turned} the training reward rose and {best['by']} fell: the "
            f"policy exploits its reward; round {best['round']} is the best"
        )
