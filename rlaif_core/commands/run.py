"""A whole run: prompts once, then round after round, each kept before the next begins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from rlaif_core.api.errors import DataError
from rlaif_core.api.evaluator import Evaluator
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.source import Source
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session, opened
from rlaif_core.engine.stages.calibrate import read_anchors
from rlaif_core.kit.service import ServiceModel
from rlaif_core.metrics.best_round import course
from rlaif_core.metrics.run import JSON, run_metrics
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.run_dir import RunFolder


async def run(recipe: Recipe, folder: RunFolder, progress: Progress) -> JSON:
    """Play every round of a recipe in its directory, going on where an earlier try stopped.

    Returns:
        What metrics.json holds.

    Raises:
        RlaifError: With what to mend; all that was paid for stays in the ledger.
    """
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        begun, stopped = 0, ""
        try:
            for path in _anchors(recipe):
                read_anchors(session, path)  # before anything is paid for
            await _open_services(session)
            await session.stage(0, "prompts", None, lambda: read_prompts(session))
            await _check_ahead(session)
            for number in range(recipe.file.rounds.n):
                begun = number + 1
                stopped = await Round(session, number).play()
                if stopped:
                    session.progress.note(f"stopped in {stopped}")
                    break
        finally:
            session.parts.keep_counts()
            session.metrics = run_metrics(session.ledger, begun)
            session.metrics |= course(session.metrics["rounds"], recipe.file.evaluation)
            if stopped:
                session.metrics["stopped"] = stopped
            folder.write_json("metrics.json", session.metrics)
        _point_at_best(session)
        return session.metrics


def _anchors(recipe: Recipe) -> Iterator[str]:
    file = recipe.file
    if file.judge.calibration is not None:
        yield file.judge.calibration.anchors
    if file.guards is not None and file.guards.anchors is not None:
        yield file.guards.anchors


async def _open_services(session: Session) -> None:
    """Let every service that is going to be asked miss its key now; opening one costs nothing."""
    recipe = session.recipe
    asked = {one for place in recipe.parts for one in recipe.models_of(place).values()}
    for model in sorted(asked):
        if issubclass(recipe.parts[model].component, ServiceModel):
            await session.parts.model(model)


async def _check_ahead(session: Session) -> None:
    """Let what trains and what evaluates refuse what it cannot, before a judgement is paid for."""
    _, _, judged = session.ledger.stage(0, "judge")
    if judged:
        return
    for index in range(len(session.recipe.file.evaluators)):
        evaluator = cast("Evaluator[Any]", session.recipe.build(f"evaluators.{index}"))
        await asyncio.to_thread(evaluator.check)
    for place in ("reward_model", "optimizer"):
        if session.parts.names(place):
            trainer: RewardModel[Any] | Optimizer[Any] = await session.parts.get(place)
            prompts = session.ledger.prompts("train")
            await asyncio.to_thread(trainer.check, session.parts.weights(), prompts)


def _point_at_best(session: Session) -> None:
    """Let `policy` in the run directory stand for the best round's, and say what was found."""
    best = session.metrics.get("best")
    if best is None or not session.parts.names("optimizer"):
        return
    session.folder.link("policy", f"round-{best['round']}/policy")
    turned = session.metrics.get("overoptimization", {}).get("turned")
    if turned is not None:
        session.progress.note(
            f"WARNING: in round {turned} the training reward rose and {best['by']} fell: the "
            f"policy exploits its reward; round {best['round']} is the best"
        )


async def read_prompts(session: Session) -> JSON:
    """Read both splits from their sources into the ledger."""
    found: dict[str, list[Any]] = {}
    for split in ("train", "heldout"):
        if session.parts.names(f"prompts.{split}"):
            source: Source[Any] = await session.parts.get(f"prompts.{split}")
            found[split] = list(session.hooks.rlaif_prompts(source=source))
            _check(split, [one.id for one in found[split]])
    texts = {one.text for one in found["train"]}
    shared = sum(one.text in texts for one in found.get("heldout", []))
    if shared:
        session.progress.note(
            f"{shared} held-out prompts are also training prompts: what is measured on them "
            "flatters the policy"
        )
    rounds = session.recipe.file.rounds
    if rounds.prompts == "fresh" and len(found["train"]) < rounds.n:
        raise DataError(
            f"{len(found['train'])} training prompts cannot be fresh in each of {rounds.n} rounds: "
            "add prompts, play fewer rounds, or set rounds.prompts: repeated"
        )
    for split, prompts in found.items():
        session.ledger.keep_prompts(split, prompts)
    counted = {split: len(prompts) for split, prompts in found.items()}
    summary = ", ".join(f"{count} {split}" for split, count in counted.items())
    return {**counted, "shared": shared, "summary": summary}


def _check(split: str, ids: list[str]) -> None:
    if not ids:
        raise DataError(f"prompts.{split}: the source gave no prompt")
    twice = [id for id, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(
            f"prompts.{split}: {len(twice)} ids stand for several prompts, the first "
            f"{twice[0]!r}: make ids unique, or leave them out"
        )
