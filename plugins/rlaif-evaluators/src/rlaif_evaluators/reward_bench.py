"""The evaluator `reward-bench`: the reward model on a benchmark of right and wrong responses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rlaif_core.api import DataError, Evaluation, Evaluator
from rlaif_evaluators.reward_bench_data import Example, examples
from rlaif_evaluators.reward_bench_figures import figures, matrix
from rlaif_evaluators.reward_bench_params import RewardBenchParams

NO_CATEGORY = "all"
"""What examples without a category are counted under."""


class RewardBench(Evaluator[RewardBenchParams]):
    """The reward model on files in the shape of RewardBench or RM-Bench."""

    Params = RewardBenchParams
    asks_models = False
    needs_reward_model = True

    def check(self) -> None:
        """Refuse data that cannot be used before a reward model is trained for them.

        Raises:
            DataError: If the data cannot be used, or none of it is in a section.
            PluginError: If a hub's data set is named, and `datasets` is not installed.
        """
        self._examples()

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        """Score both sides of every example.

        Returns:
            `reward_model`: the figures of `rlaif_evaluators.reward_bench_figures`, under the
            benchmark's name; nothing if there is no reward model.

        Raises:
            DataError: As `check` does.
            PluginError: As `check` does.
        """
        if evaluation.reward is None:
            return {}
        found = await asyncio.to_thread(self._examples)
        texts = [text for item in found for text in (*item.chosen, *item.rejected)]
        prompts = [item.prompt for item in found for _ in (*item.chosen, *item.rejected)]
        rewards = iter(await asyncio.to_thread(evaluation.reward, prompts, texts))
        won = [
            matrix([next(rewards) for _ in item.chosen], [next(rewards) for _ in item.rejected])
            for item in found
        ]
        categories = [item.category or NO_CATEGORY for item in found]
        ids = [item.prompt.id for item in found]
        return {"reward_model": {self.params.key: figures(won, categories, ids, self.params)}}

    def _examples(self) -> list[Example]:
        found = examples(self.params)
        there = {item.category or NO_CATEGORY for item in found}
        sections = (self.params.sections or {}).values()
        if sections and there.isdisjoint(
            category for section in sections for category in section.categories
        ):
            raise DataError(
                f"{self.params.data}: none of its categories is in a section; it has "
                f"{', '.join(sorted(there)[:20])}"
            )
        return found
