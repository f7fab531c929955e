"""Losses of a preference as pure functions on tensors, all with soft labels.

A pair loss L(chosen, rejected) under the label "chosen is better with probability p" is its
expectation p·L(chosen, rejected) + (1 - p)·L(rejected, chosen). With p = 1 each is the loss of its
paper. `h` is the margin: r(chosen) - r(rejected) of a reward model, β·(log-ratio of chosen - log-
ratio of rejected) of a policy. All tensors have shape [pairs]; all losses are per pair, in nats
where they are likelihoods.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu


def smooth(p: Tensor, epsilon: float) -> Tensor:
    """Labels with an assumed share `epsilon` in [0, 0.5) of flipped ones (cDPO).

    The optimum under a hard label becomes h = logit(1 - epsilon) (Mitchell, "A note on DPO with
    noisy preferences").
    """
    return p * (1 - 2 * epsilon) + epsilon


def bradley_terry(h: Tensor, p: Tensor) -> Tensor:
    """Cross-entropy of the label against σ(h): p·ℓ(h) + (1 - p)·ℓ(-h), ℓ(h) = -log σ(h).

    Optimum h = logit p. Bradley-Terry reward models and DPO (2305.18290, eq. 7).
    """
    return -p * logsigmoid(h) - (1 - p) * logsigmoid(-h)


def robust(h: Tensor, p: Tensor, epsilon: float) -> Tensor:
    """rDPO: unbiased where labels are flipped at rate `epsilon` in [0, 0.5) (2403.00409, eq. 9).

    [(1 - ε)·ℓ(h) - ε·ℓ(-h)] / (1 - 2ε) for p = 1; unbounded below as h grows.
    """
    return bradley_terry(h, (p - epsilon) / (1 - 2 * epsilon))


def hinge(h: Tensor, p: Tensor) -> Tensor:
    """SLiC's hinge: p·max(0, 1 - h) + (1 - p)·max(0, 1 + h) (2305.10425)."""
    return p * relu(1 - h) + (1 - p) * relu(1 + h)


def ipo(difference: Tensor, p: Tensor, beta: float) -> Tensor:
    """IPO (2310.12036, eq. 17): the squared distance of the log-ratios' difference to ±1/(2β).

    Args:
        difference: Difference of the log-ratios, each the mean over its tokens, as in TRL.
        p: Soft labels.
        beta: The paper's τ.

    Returns:
        Losses whose optimum is difference = (p - ½)/β.
    """
    target = 1 / (2 * beta)
    return p * (difference - target) ** 2 + (1 - p) * (difference + target) ** 2


def sppo(chosen: Tensor, rejected: Tensor, p: Tensor, beta: float) -> Tensor:
    """SPPO (2405.00675, eq. 4.7) with P(chosen beats rejected) = p; TRL's `sppo_hard` at p = 1.

    Args:
        chosen: Log-ratios of the chosen responses to the reference.
        rejected: Log-ratios of the rejected ones.
        p: Soft labels.
        beta: The paper's 1/η.
    """
    target = (p - 0.5) / beta
    return (chosen - target) ** 2 + (rejected + target) ** 2


def centring(chosen: Tensor, rejected: Tensor, coefficient: float) -> Tensor:
    """η·(r(chosen) + r(rejected))²: keeps a reward model's mean near 0 (2312.09244, sec. 2)."""
    return coefficient * (chosen + rejected) ** 2


@dataclass(frozen=True)
class LogRatios:
    """log π/π_ref of both responses of each pair, summed over their tokens, and those tokens."""

    chosen: Tensor
    rejected: Tensor
    chosen_tokens: Tensor
    rejected_tokens: Tensor

    @property
    def difference(self) -> Tensor:
        """Chosen less rejected, sums over tokens."""
        return self.chosen - self.rejected

    @property
    def mean_difference(self) -> Tensor:
        """Chosen less rejected, each the mean over its tokens."""
        chosen = self.chosen / self.chosen_tokens.clamp(min=1)
        return chosen - self.rejected / self.rejected_tokens.clamp(min=1)


@dataclass(frozen=True)
class PairLoss:
    """One of the losses of a policy's pairs, with its settings.

    Attributes:
        name: "sigmoid", "sigmoid_norm", "robust", "hinge", "ipo" or "sppo_hard".
        beta: Strength of the pull to the reference.
        label_smoothing: Assumed share of flipped labels, in [0, 0.5).
    """

    name: str
    beta: float
    label_smoothing: float = 0.0

    def __call__(self, ratios: LogRatios, p: Tensor, margin: Tensor | float = 0.0) -> Tensor:
        """Losses of pairs.

        Args:
            ratios: The policy's log-ratios.
            p: Soft labels in [0, 1].
            margin: Target of h: ℓ(h - margin). Not used by "ipo" and "sppo_hard".
        """
        if self.name == "robust":
            return robust(self.beta * ratios.difference - margin, p, self.label_smoothing)
        p = smooth(p, self.label_smoothing)
        if self.name == "sigmoid":
            return bradley_terry(self.beta * ratios.difference - margin, p)
        if self.name == "sigmoid_norm":
            return bradley_terry(self.beta * ratios.mean_difference - margin, p)
        if self.name == "hinge":
            return hinge(self.beta * ratios.difference - margin, p)
        if self.name == "ipo":
            return ipo(ratios.mean_difference, p, self.beta)
        if self.name == "sppo_hard":
            return sppo(ratios.chosen, ratios.rejected, p, self.beta)
        raise ValueError(f"{self.name!r} is not a loss that takes soft labels")


def weighted_mean(losses: Tensor, weights: Tensor) -> Tensor:
    """Mean of losses times weights, which are 1 on average over all data, not over a batch."""
    return torch.mean(losses * weights)
