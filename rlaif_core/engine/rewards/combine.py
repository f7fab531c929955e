"""Several named rewards as one: weights, gates, and floors that a multiplier holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rlaif_core.api.records import Prompt, Response, digest
from rlaif_core.engine.rewards.constraints import RewardConstraints
from rlaif_core.recipe.sections import RewardSection
from rlaif_stats.objectives import gated, normalise_then_sum

Answers = Sequence[Response]
Reward = Callable[[Sequence[Prompt], Answers], Awaitable[list[float]]]
"""NaN where there is none."""


class Objectives:
    """Several named rewards as one.

    One reward alone, without gate or floor, is handed on as it is: then its scale is the user's
    to weigh against the divergence. Several are each standardised within their group first.

    Args:
        rewards: Each one's name, its section and how it is asked.
        memory: File in which the floors' multipliers outlive an interruption, if they are to.
    """

    def __init__(
        self, rewards: Mapping[str, tuple[RewardSection, Reward]], memory: Path | None = None
    ) -> None:
        self._rewards = rewards
        floors = {name: section.floor for name, (section, _) in rewards.items()}
        self._floors = RewardConstraints(
            {name: floor for name, floor in floors.items() if floor is not None}, memory
        )
        self.means: dict[str, float] = {}
        """Of each reward in the newest call, to be shown."""

    @property
    def multipliers(self) -> dict[str, float]:
        """Current addition of each constraint to its reward's weight."""
        return self._floors.values

    def singly(self) -> dict[str, Reward]:
        """Each reward by itself, gates among them, as it is asked."""
        return {name: ask for name, (_, ask) in self._rewards.items()}

    async def __call__(self, prompts: Sequence[Prompt], answers: Answers) -> list[float]:
        """The rewards of n responses; NaN where any of them is missing."""
        asked = await asyncio.gather(*(ask(prompts, answers) for _, ask in self._rewards.values()))
        table = dict(zip(self._rewards, np.array(asked, dtype=np.float64), strict=True))
        self.means = {
            name: float(np.nanmean(row)) for name, row in table.items() if not np.isnan(row).all()
        }
        sections = {name: section for name, (section, _) in self._rewards.items()}
        summed = [name for name, section in sections.items() if not section.gate]
        gates = [name for name, section in sections.items() if section.gate]
        groups = [prompt.id for prompt in prompts]
        if not gates and len(summed) == 1 and not self.multipliers:
            return [float(reward) for reward in table[summed[0]] * sections[summed[0]].weight]
        call = digest(*((answer.prompt_id, answer.text) for answer in answers))
        multipliers = self._floors.update(call, table)
        weights = [sections[name].weight + multipliers.get(name, 0.0) for name in summed]
        total = np.zeros(len(prompts))
        if summed:
            total = normalise_then_sum(np.stack([table[name] for name in summed]), weights, groups)
        for name in gates:
            unknown = np.isnan(table[name])
            through = unknown | (table[name] >= sections[name].passes)
            total = gated(total, through, groups)
            total[unknown] = np.nan
        return [float(reward) for reward in total]
