"""Fitting the reward model on the round's preferences."""

from __future__ import annotations

from typing import Any

from rlaif_core.api.reward_model import RewardModel
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.engine.training import require_preferences, train
from rlaif_core.metrics.run import JSON


async def run(round_: Round) -> JSON:
    """Fit the reward model.

    Raises:
        DataError: If no preference was kept.
    """
    session = round_.session
    await session.components.release()
    model: RewardModel[Any] = await session.components.get("reward_model")
    fit = session.hooks.rlaif_reward_model
    require_preferences(round_)
    return await train(
        round_, "reward_model", "reward_model", lambda job: fit(job=job, reward_model=model)
    )


REWARD_MODEL = Stage(
    name="reward_model", run=run, applies=lambda recipe: "reward_model" in recipe.components
)
