"""Training the policy, on the round's preferences or on rewards asked for as it learns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.training import Scorer
from rlaif_core.engine.heldout import base_responses, gold
from rlaif_core.engine.rewards import scorer as rewards
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.engine.training import Online, require_preferences, train
from rlaif_core.metrics.run import JSON
from rlaif_core.recipe.recipe import Recipe


async def run(round_: Round) -> JSON:
    """Train the policy.

    Raises:
        DataError: If it learns from preferences and none was kept.
    """
    components = round_.session.components
    optimizer: Optimizer[Any] = await components.get("optimizer")
    optimize = round_.session.hooks.rlaif_optimize
    if optimizer.needs_preferences:
        require_preferences(round_)
    online = await _online(round_, optimizer.needs_scorer)
    await components.release(online.asked)
    return await train(
        round_, "optimize", "policy", lambda job: optimize(job=job, optimizer=optimizer), online
    )


async def _online(round_: Round, rewarded: bool) -> Online:
    session, loop = round_.session, asyncio.get_running_loop()
    file = session.recipe.file
    monitor = await _monitor(round_)
    asked: set[tuple[str, str | None]] = set()
    if file.evaluation.watch == "judge":
        asked.add((rewards.monitor_component(file), None))
    if not rewarded:
        return Online(monitor=monitor, asked=frozenset(asked))
    checkpoint = round_.judge_checkpoint
    memory = session.folder.work(round_.number, "policy") / "multipliers.jsonl"
    objectives = await rewards.objectives(session, round_.number, checkpoint, memory)
    asked |= {(place, checkpoint) for place in rewards.reward_components(file).values()}
    return Online(
        scorer=rewards.sync_scorer(objectives, loop),
        objectives=objectives,
        singly={
            name: rewards.sync_scorer(reward, loop) for name, reward in objectives.singly().items()
        },
        monitor=monitor,
        asked=frozenset(asked),
    )


async def _monitor(round_: Round) -> Scorer | None:
    session = round_.session
    if session.recipe.file.evaluation.watch is None:
        return None
    heldout = session.ledger.prompts("heldout")
    scorer = await gold(session, {prompt.id for prompt in heldout})
    monitor = await rewards.watch(session, await base_responses(session, heldout), scorer)
    return None if monitor is None else rewards.sync_scorer(monitor, asyncio.get_running_loop())


def unforeseen(recipe: Recipe) -> Iterator[str]:
    """Calls whose number depends on how training goes."""
    optimizer = recipe.components["optimizer"].component
    if issubclass(optimizer, Optimizer) and optimizer.needs_scorer:
        yield "the rewards that its optimizer learns from"
    if recipe.file.evaluation.watch == "judge":
        yield "the judge that watches its training"


OPTIMIZE = Stage(
    name="optimize",
    run=run,
    applies=lambda recipe: "optimizer" in recipe.components,
    unforeseen=unforeseen,
)
