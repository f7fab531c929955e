"""The evaluator `reward-accuracy`: how well the reward model knows held-out preferences."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from rlaif_core.api import (
    Evaluation,
    Evaluator,
    Measured,
    Measurement,
    Metric,
    Params,
    Preference,
)
from rlaif_evaluators.outcomes import outcome
from rlaif_evaluators.reward_calibration import calibration
from rlaif_evaluators.reward_length import length_figures


class RewardAccuracyParams(Params):
    """Parameters of `reward-accuracy`."""

    category: str = Field(
        default="category", description="the prompts' column that accuracy is broken down by"
    )


class RewardAccuracy(Evaluator[RewardAccuracyParams]):
    """Accuracy, calibration and length bias of the reward model on held-out preferences."""

    Params = RewardAccuracyParams
    asks_models = False
    needs_reward_model = True

    async def evaluate(self, evaluation: Evaluation) -> Measured:
        """Pairwise accuracy, ties one half, its interval clustered by prompt.

        Returns:
            `reward_model`: `accuracy`, `accuracy_low`, `accuracy_high` and `heldout`, the number
            of preferences; `accuracy_by_category`, where prompts have that column; what
            `reward_calibration` and `reward_length` measure. Nothing if there is no reward model
            or no held-out preference.
        """
        from rlaif_stats.intervals import win_rate

        heldout = evaluation.heldout
        if evaluation.reward is None or not heldout:
            return {}
        prompts = [preference.prompt for preference in heldout]
        chosen = [preference.chosen.text for preference in heldout]
        rejected = [preference.rejected.text for preference in heldout]
        rewards = await asyncio.to_thread(evaluation.reward, prompts * 2, chosen + rejected)
        better, worse = rewards[: len(heldout)], rewards[len(heldout) :]
        outcomes = [outcome(*pair) for pair in zip(better, worse, strict=True)]
        margins = [reward - other for reward, other in zip(better, worse, strict=True)]
        accuracy = win_rate(outcomes, clusters=[prompt.id for prompt in prompts])
        figures = {
            "accuracy": accuracy.value,
            "accuracy_low": accuracy.low,
            "accuracy_high": accuracy.high,
            "heldout": accuracy.n,
            **self._by_category(heldout, outcomes),
            **calibration(margins, heldout),
            **length_figures(margins, heldout),
        }
        record = Metric(
            name="accuracy",
            value=accuracy.value,
            low=accuracy.low,
            high=accuracy.high,
            n=accuracy.n,
            unit="share",
            items="held-out preferences",
            label="Reward model accuracy",
            description="Share of held-out preferences whose chosen response scores higher, ties "
            "one half.",
            higher_is_better=True,
            group="reward_model",
            chart="interval",
            headline=True,
            heldout=True,
        )
        return Measurement({"reward_model": figures}, [record])

    def _by_category(
        self, heldout: Sequence[Preference], outcomes: Sequence[float]
    ) -> dict[str, Any]:
        from rlaif_stats.intervals import win_rate

        found: dict[str, tuple[list[float], list[str]]] = {}
        for preference, won in zip(heldout, outcomes, strict=True):
            category = preference.prompt.columns.get(self.params.category)
            if category is not None:
                values, prompts = found.setdefault(str(category), ([], []))
                values.append(won)
                prompts.append(preference.prompt.id)
        if not found:
            return {}
        measured = {name: win_rate(*both) for name, both in sorted(found.items())}
        return {
            "accuracy_by_category": {
                name: {**estimate.figure(), "n": estimate.n} for name, estimate in measured.items()
            }
        }
