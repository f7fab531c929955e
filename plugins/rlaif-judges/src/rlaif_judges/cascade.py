"""The judge `cascade`: a cheap judge decides, and where it is unsure a strong one does."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import Field

from rlaif_core.api import Comparison, Context, PluginError, Verdict
from rlaif_judges.asking.compare import clipped
from rlaif_judges.jury.panel import PanelJudge, PanelParams
from rlaif_judges.jury.pool import Member, told_by
from rlaif_judges.pairwise import Pairwise

ROLES: Final = ("cheap", "strong")


class CascadeParams(PanelParams):
    """Parameters of `cascade`: those of its members, and when to go on."""

    threshold: float = Field(
        default=0.2,
        gt=0,
        le=0.5,
        description="the strong model decides where the cheap one's probability is nearer than "
        "this to 0.5",
    )


class Cascade(PanelJudge[CascadeParams]):
    """Asks a cheap judge, and where that is unsure or abstains, a strong one."""

    Params = CascadeParams
    _cheap: Pairwise
    _strong: Pairwise

    async def setup(self, context: Context) -> None:
        """Set up a judge for each model.

        Raises:
            PluginError: If the models are not `cheap` and `strong`, `members` names others, or a
                template cannot be used.
        """
        await super().setup(context)
        if set(context.models) != set(ROLES):
            raise PluginError(
                "judge 'cascade' asks two models by role: `model: {cheap: ..., strong: ...}`"
            )
        members = await self.seated("cascade", context)
        self._cheap, self._strong = members["cheap"], members["strong"]

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison; the explanation says who decided, and what the cheap one said."""
        verdict = await self._cheap.compare(comparison)
        asked = [Member("cheap", verdict)]
        if verdict.p_first is None or abs(verdict.p_first - 0.5) < self.params.threshold:
            verdict = await self._strong.compare(comparison)
            asked.append(Member("strong", verdict))
        verdict = replace(verdict, explanation=told_by(asked, "judge"))
        return clipped(verdict, self.params.clip)
