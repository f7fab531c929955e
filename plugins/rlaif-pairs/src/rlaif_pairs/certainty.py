"""Filters on what the judge said: how much its verdicts agree, and how sure they are."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from rlaif_core.api import Filter, JudgeFacts, Params, Preference

ROUNDING: Final = 1e-9
"""A share that was computed may fall short of the same share written in a recipe by this much."""


class AgreementParams(Params):
    """Parameters of `agreement`."""

    min: float = Field(
        default=0.8, ge=0, le=1, description="share of the verdicts asked that must agree"
    )


class Agreement(Filter[AgreementParams]):
    """Drops pairs on which the judge's verdicts disagree too often."""

    Params = AgreementParams
    reads_agreement = True

    def reason(self, preference: Preference) -> str | None:
        """Drop below the least agreement."""
        if preference.agreement >= self.params.min - ROUNDING:
            return None
        return f"agreement below {self.params.min:g}"

    def objection(self, judge: JudgeFacts) -> str | None:
        """A single verdict always agrees with itself, and so do scores."""
        if judge.kind == "pointwise":
            return (
                f"judge '{judge.name}' scores responses one at a time, so its verdicts always "
                "agree: use the filter 'confidence'"
            )
        if judge.verdicts < 2:
            return (
                f"judge '{judge.name}' gives one verdict a pair, which always agrees with "
                "itself: set `orders: both` or `votes: 3`"
            )
        return None


class ConfidenceParams(Params):
    """Parameters of `confidence`."""

    min: float = Field(
        default=0.6, ge=0.5, le=1, description="probability that the chosen one is better"
    )


class Confidence(Filter[ConfidenceParams]):
    """Drops pairs whose soft label is too close to a coin flip."""

    Params = ConfidenceParams
    reads_label = True

    def reason(self, preference: Preference) -> str | None:
        """Drop below the least probability."""
        if preference.p_chosen >= self.params.min - ROUNDING:
            return None
        return f"confidence below {self.params.min:g}"
