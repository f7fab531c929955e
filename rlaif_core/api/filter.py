"""Kind `filters`: which preferences to keep, with a reason for each one dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rlaif_core.api.component import Component, P
from rlaif_core.api.records import Drop, Preference


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """Facts of a recipe's judge section, for filters and pairings.

    Attributes:
        name: The judge's name in the recipe.
        kind: "pairwise" or "pointwise".
        verdicts: Verdicts asked for each pair: orders times votes.
        votes: Verdicts asked in each order.
    """

    name: str
    kind: str
    verdicts: int
    votes: int = 1


class Filter(Component[P]):
    """Override `reason` to decide on one preference at a time, or `apply` to see them together."""

    reads_agreement: ClassVar[bool] = False
    """True if it decides by `Preference.agreement`, for which adaptive voting saves votes."""

    reads_label: ClassVar[bool] = False
    """True if it decides by `Preference.p_chosen`, which changes with the votes asked."""

    def reason(self, preference: Preference) -> str | None:
        """Reason to drop this preference, in a short reusable phrase; None to keep it."""
        return None

    def apply(self, preferences: Sequence[Preference]) -> tuple[list[Preference], list[Drop]]:
        """Split into what is kept, in order, and what is dropped, each with its reason."""
        kept: list[Preference] = []
        dropped: list[Drop] = []
        for preference in preferences:
            reason = self.reason(preference)
            if reason is None:
                kept.append(preference)
            else:
                dropped.append(Drop(preference, reason))
        return kept, dropped

    def objection(self, judge: JudgeFacts) -> str | None:
        """Reason this filter cannot work with that judge, and the fix; None if it can.

        Asked while a recipe is checked, before anything runs.
        """
        return None
