"""The judge `jury`: several models judge the same comparison, each as `pairwise` would.

A panel of smaller models from different families can do better than one large one (Verga et al.
2404.18796), as far as their errors are independent.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rlaif_core.api import Comparison, Context, PairwiseJudge, PluginError, Verdict
from rlaif_judges.comparing import clipped
from rlaif_judges.pairwise import Pairwise, PairwiseParams
from rlaif_judges.pooling import Member, pooled

Accuracy = Annotated[float, Field(gt=0, lt=1)]


class JuryParams(PairwiseParams):
    """Parameters of `jury`: those of `pairwise`, and how the members' verdicts are added up."""

    combine: Literal["logit", "probability", "majority", "log-odds"] = Field(
        default="logit",
        description="mean of log-odds or of probabilities, share of the votes, or each vote "
        "weighted by the log-odds of its judge's accuracy",
    )
    accuracies: dict[str, Accuracy] = Field(
        default_factory=dict, description="how often each role is right, for `log-odds`"
    )

    @model_validator(mode="after")
    def _accuracies_used(self) -> JuryParams:
        if (self.combine == "log-odds") != bool(self.accuracies):
            raise ValueError("`accuracies` and `combine: log-odds` go together")
        return self


class Jury(PairwiseJudge[JuryParams]):
    """Asks several models, each as `pairwise` would, and adds up what they say."""

    Params = JuryParams
    needs_model = True
    _members: dict[str, Pairwise]
    _weights: dict[str, float]

    async def setup(self, context: Context) -> None:
        """Set up a judge for each model.

        Raises:
            PluginError: If there are fewer than two models, the accuracies name others, or the
                template cannot be used.
        """
        await super().setup(context)
        if len(context.models) < 2:
            raise PluginError(
                "judge 'jury' asks two models or more: name them by role, "
                "`model: {one: ..., other: ...}`"
            )
        self._weights = self._weighed()
        # What is clipped is the jury's verdict, not each member's share in it.
        params = self.params.model_copy(update={"clip": 0.0})
        self._members = {role: Pairwise(params) for role in context.models}
        for role, member in self._members.items():
            model = {role: context.models[role]}
            await member.setup(Context(context.seed, context.secret, model))

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison; the explanation holds one JSON line for each member."""
        verdicts = await asyncio.gather(
            *(member.compare(comparison) for member in self._members.values())
        )
        members = [
            Member(role, verdict, self._weights[role])
            for role, verdict in zip(self._members, verdicts, strict=True)
        ]
        return clipped(pooled(members, "judge", self.params.combine), self.params.clip)

    def _weighed(self) -> dict[str, float]:
        roles, accuracies = list(self.context.models), self.params.accuracies
        if not accuracies:
            return dict.fromkeys(roles, 1.0)
        if set(accuracies) != set(roles):
            raise PluginError(
                f"judge 'jury' has the models {', '.join(roles)}, and `accuracies` names "
                f"{', '.join(accuracies)}: give each model's"
            )
        from rlaif_core.stats.jury import log_odds_weights

        weights = log_odds_weights([accuracies[role] for role in roles])
        return dict(zip(roles, map(float, weights), strict=True))
