"""The judge `jury`: several judges of the same comparison, each a model asked as by `pairwise`.

A panel of smaller models from different families can do better than one large one (Verga et al.
2404.18796), as far as their errors are independent. How often each is right can be estimated from
their verdicts alone once all of them are there (Dawid and Skene 1979): that is `settle`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from rlaif_core.api import Comparison, Context, PluginError, Settlement, Verdict
from rlaif_judges.asking.compare import clipped
from rlaif_judges.jury.dawid_skene import require_crowd_kit
from rlaif_judges.jury.panel import PanelJudge, PanelParams
from rlaif_judges.jury.pool import Combining, Member, pooled, told_in
from rlaif_judges.pairwise import Pairwise

KIND: Final = "judge"
"""Name of a member in explanations."""

Accuracy = Annotated[float, Field(gt=0, lt=1)]


class JuryParams(PanelParams):
    """Parameters of `jury`: those of its members, and how their verdicts are added up."""

    combine: Literal["logit", "probability", "majority", "log-odds", "dawid-skene"] = Field(
        default="logit",
        description="mean of log-odds or of probabilities, share of the votes, or each vote "
        "weighted by the log-odds of its judge's accuracy, which is given (`log-odds`) or "
        "estimated from all verdicts of a round (`dawid-skene`)",
    )
    accuracies: dict[str, Accuracy] = Field(
        default_factory=dict, description="how often each role is right, for `log-odds`"
    )

    @model_validator(mode="after")
    def _accuracies_used(self) -> JuryParams:
        if (self.combine == "log-odds") != bool(self.accuracies):
            raise ValueError("`accuracies` and `combine: log-odds` go together")
        return self


class Jury(PanelJudge[JuryParams]):
    """Asks several judges, each a model with its own or the common prompt, and adds them up."""

    Params = JuryParams
    _members: dict[str, Pairwise]
    _weights: dict[str, float]

    async def setup(self, context: Context) -> None:
        """Set up a judge for each model.

        Raises:
            PluginError: If there are fewer than two models, accuracies or members name others, or
                a template cannot be used.
        """
        await super().setup(context)
        if len(context.models) < 2:
            raise PluginError(
                "judge 'jury' asks two models or more: name them by role, "
                "`model: {one: ..., other: ...}`"
            )
        if self.params.combine == "dawid-skene":
            require_crowd_kit()
        self._weights = self._weighed()
        self._members = await self.seated("jury", context)

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison; the explanation holds one JSON line for each member."""
        verdicts = await asyncio.gather(
            *(member.compare(comparison) for member in self._members.values())
        )
        members = [
            Member(role, verdict, self._weights[role])
            for role, verdict in zip(self._members, verdicts, strict=True)
        ]
        return clipped(pooled(members, KIND, self._pooling), self.params.clip)

    def settle(self, comparisons: Sequence[Comparison], verdicts: Sequence[Verdict]) -> Settlement:
        """Report what the jury is worth, and with `dawid-skene` weigh its members anew."""
        from rlaif_judges.jury.settle import settled

        table = [told_in(verdict.explanation, KIND) for verdict in verdicts]
        return settled(
            verdicts,
            table,
            estimate=self.params.combine == "dawid-skene",
            clip=self.params.clip,
        )

    @property
    def _pooling(self) -> Combining:
        """Rule by which one comparison is decided while the others are not known."""
        how = self.params.combine
        return "logit" if how == "dawid-skene" else how

    def _weighed(self) -> dict[str, float]:
        roles, accuracies = list(self.context.models), self.params.accuracies
        if not accuracies:
            return dict.fromkeys(roles, 1.0)
        if set(accuracies) != set(roles):
            raise PluginError(
                f"judge 'jury' has the models {', '.join(roles)}, and `accuracies` names "
                f"{', '.join(accuracies)}: give each model's"
            )
        from rlaif_stats.jury import log_odds_weights

        weights = log_odds_weights([accuracies[role] for role in roles])
        return dict(zip(roles, map(float, weights), strict=True))
