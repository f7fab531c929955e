"""Losses of a pair that need no reference: ORPO, SimPO and CPO, all with soft labels.

Arguments are log-probabilities under the policy alone, of shape [pairs]; soft labels are
defined in `rlaif_trl.preferences.losses`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from rlaif_trl.preferences.losses import bradley_terry, hinge, ipo, smooth

ReferenceFree = Literal["orpo", "simpo", "sigmoid", "hinge", "ipo"]


@dataclass(frozen=True)
class LogProbs:
    """log π of both responses of each pair, summed over their tokens, and those tokens."""

    chosen: Tensor
    rejected: Tensor
    chosen_tokens: Tensor
    rejected_tokens: Tensor

    @property
    def means(self) -> tuple[Tensor, Tensor]:
        """Log-probabilities of chosen and rejected, each the mean over its tokens."""
        return (
            self.chosen / self.chosen_tokens.clamp(min=1),
            self.rejected / self.rejected_tokens.clamp(min=1),
        )


def log_odds(mean: Tensor) -> Tensor:
    """log(p / (1 - p)) of p = exp(mean), the mean token's probability; mean below 0."""
    return mean - torch.log(-torch.expm1(mean.clamp(max=-1e-7)))


@dataclass(frozen=True)
class ReferenceFreeLoss:
    """One of the losses with its settings.

    Attributes:
        name: "orpo" (2403.07691, eq. 6), "simpo" (2405.14734, eq. 6), or CPO's "sigmoid"
            (2401.08417, eq. 3), "hinge" and "ipo".
        beta: ORPO's λ; SimPO's and CPO's scale of log-probabilities.
        gamma: SimPO's target margin of rewards.
        likelihood: Share of the negative mean log-likelihood of the chosen response, which ORPO
            has with 1.
        label_smoothing: Assumed share of flipped labels, in [0, 0.5).
    """

    name: ReferenceFree
    beta: float
    gamma: float = 0.0
    likelihood: float = 0.0
    label_smoothing: float = 0.0

    def __call__(self, logps: LogProbs, p: Tensor) -> Tensor:
        """Losses of pairs under soft labels `p` in [0, 1]."""
        p = smooth(p, self.label_smoothing)
        chosen, rejected = logps.means
        likelihood = -p * chosen - (1 - p) * rejected
        return self._preference(logps, p) + self.likelihood * likelihood

    def margins(self, logps: LogProbs) -> Tensor:
        """The loss's difference of rewards, chosen less rejected."""
        chosen, rejected = logps.means
        if self.name == "orpo":
            return log_odds(chosen) - log_odds(rejected)
        if self.name == "simpo":
            return self.beta * (chosen - rejected)
        return self.beta * (logps.chosen - logps.rejected)

    def _preference(self, logps: LogProbs, p: Tensor) -> Tensor:
        h = self.margins(logps)
        if self.name == "orpo":
            return self.beta * bradley_terry(h, p)
        if self.name == "simpo":  # the margin holds for whichever response the label prefers
            return p * bradley_terry(h - self.gamma, torch.ones_like(p)) + (1 - p) * (
                bradley_terry(-h - self.gamma, torch.ones_like(p))
            )
        if self.name == "hinge":
            return hinge(h, p)
        if self.name == "ipo":
            return ipo(logps.chosen - logps.rejected, p, self.beta)
        return bradley_terry(h, p)
