"""The evaluator `reward-accuracy`: how often the reward model agrees with held-out preferences."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rlaif_core.api import Evaluation, Evaluator, Params
from rlaif_evaluators.outcomes import outcome


class RewardAccuracy(Evaluator[Params]):
    """Share of held-out preferences whose chosen response has the higher reward."""

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        """Pairwise accuracy, ties one half, its interval clustered by prompt.

        Returns:
            `reward_model`: `accuracy`, `accuracy_low`, `accuracy_high` and `heldout`, the number
            of preferences; nothing if there is no reward model or no held-out preference.
        """
        from rlaif_core.stats.intervals import win_rate

        heldout = evaluation.heldout
        if evaluation.reward is None or not heldout:
            return {}
        prompts = [preference.prompt for preference in heldout]
        chosen = [preference.chosen.text for preference in heldout]
        rejected = [preference.rejected.text for preference in heldout]
        rewards = await asyncio.to_thread(evaluation.reward, prompts * 2, chosen + rejected)
        outcomes = [
            outcome(better, worse)
            for better, worse in zip(rewards[: len(heldout)], rewards[len(heldout) :], strict=True)
        ]
        accuracy = win_rate(outcomes, clusters=[prompt.id for prompt in prompts])
        return {
            "reward_model": {
                "accuracy": accuracy.value,
                "accuracy_low": accuracy.low,
                "accuracy_high": accuracy.high,
                "heldout": accuracy.n,
            }
        }
