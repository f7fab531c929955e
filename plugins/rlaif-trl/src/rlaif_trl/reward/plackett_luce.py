"""The Plackett-Luce loss of rankings; for two responses it is Bradley-Terry's."""

from __future__ import annotations

import torch
from torch import Tensor

ABSENT = -1e9
"""Reward of a missing response; finite, so that its gradient is 0 and not NaN."""


def plackett_luce(rewards: Tensor, p: Tensor, margin: Tensor) -> Tensor:
    """Cross-entropy of a ranking's choices, one after another (Plackett 1975, Luce 1959).

    Choice k picks the best of the responses from k on, with probability softmax(r_k, r_k+1, …).
    By the label it is k with probability p_k, and k + 1 otherwise: the soft form of
    -Σ_k log(e^{r_k} / Σ_{j≥k} e^{r_j}), which p = 1 gives. For two responses this is
    p·ℓ(h) + (1 - p)·ℓ(-h) with h = r_1 - r_2 - margin, `preferences.losses.bradley_terry`.

    Args:
        rewards: Of shape [rankings, K], the best response first; `ABSENT` after the last one.
        p: Of shape [rankings, K - 1], in [0, 1].
        margin: Of shape [rankings, K - 1]; target margin of each choice.

    Returns:
        Losses in nats, of shape [rankings].
    """
    here, after = rewards[:, :-1] - margin, rewards[:, 1:]
    rest = torch.logcumsumexp(after.flip(1), dim=1).flip(1)
    losses = torch.logaddexp(here, rest) - p * here - (1 - p) * after
    return torch.where(after > ABSENT / 2, losses, 0.0).sum(dim=1)
