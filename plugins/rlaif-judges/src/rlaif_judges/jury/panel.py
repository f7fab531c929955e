"""Common part of `jury` and `cascade`: several judges of a comparison, each a `pairwise`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import TypeVar

from rlaif_core.api import Context, JudgeFacts, PluginError
from rlaif_judges.asking.ask import repetition_warning
from rlaif_judges.asking.compare import ComparingJudge
from rlaif_judges.asking.criteria import both, unread_warning
from rlaif_judges.pairwise import Pairwise, PairwiseParams


class PanelParams(PairwiseParams):
    """Parameters of all members, and what some of them do otherwise."""

    members: dict[str, PairwiseParams] = Field(
        default_factory=dict,
        description="by role: parameters of `pairwise` that are this member's own",
    )

    @field_validator("members")
    @classmethod
    def _inherited(
        cls, members: dict[str, PairwiseParams], info: ValidationInfo
    ) -> dict[str, PairwiseParams]:
        """Fill in a member's missing parameters from the common ones."""
        common = {
            name: info.data[name] for name in PairwiseParams.model_fields if name in info.data
        }
        filled = {role: _filled(own, common) for role, own in members.items()}
        for role, own in filled.items():
            if own.clip != common.get("clip", own.clip):
                raise ValueError(f"{role}: `clip` is for the verdict of all, not for a member's")
        return filled


def _filled(own: PairwiseParams, common: Mapping[str, Any]) -> PairwiseParams:
    unsaid = {name: value for name, value in common.items() if name not in own.model_fields_set}
    return own.model_copy(update=unsaid)


N = TypeVar("N", bound=PanelParams, default=PanelParams, covariant=True)


class PanelJudge(ComparingJudge[N]):
    """Base of judges that are several, one for each model."""

    def warning(self, facts: JudgeFacts) -> str | None:
        """As of `pairwise`; and every member's votes want a temperature that suits them."""
        temperatures = {self.params.temperature}
        temperatures |= {value.temperature for value in self.params.members.values()}
        repeated = (repetition_warning(facts, temperature) for temperature in sorted(temperatures))
        return both(*repeated, unread_warning(self.params, self.params.prompt))

    async def seated(self, judge: str, context: Context) -> dict[str, Pairwise]:
        """A judge for each model, by role, set up.

        What is clipped is the panel's verdict and not each member's share in it, which would look
        like doubt.

        Args:
            judge: What a recipe calls the whole, for the error.
            context: What it was given at set-up.

        Raises:
            PluginError: If `members` names another role, or a template cannot be used.
        """
        strange = sorted(set(self.params.members) - set(context.models))
        if strange:
            raise PluginError(
                f"judge '{judge}' has the models {', '.join(context.models)}, and `members` names "
                f"{', '.join(strange)}: name roles of `model:`"
            )
        members = {}
        for role, model in context.models.items():
            own = self.params.members.get(role, self.params).model_copy(update={"clip": 0.0})
            members[role] = Pairwise(own)
            await members[role].setup(Context(context.seed, context.secret, {role: model}))
        return members
