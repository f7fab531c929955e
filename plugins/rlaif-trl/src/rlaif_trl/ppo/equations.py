"""The equations of PPO for language models, as pure functions on tensors.

Shapes are [episodes, tokens]: the tokens of each response, padded on the right. `mask` is True at
tokens that exist, the end token included. Values elsewhere are never used.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Reduce = Callable[[Tensor], Tensor]
"""Sums a tensor over all processes."""

EPSILON = 1e-8
"""Added to a variance before its root is divided by, as in TRL."""

ERROR_LIMIT = 0.2
"""Largest relative error of the adaptive coefficient (1909.08593, sec. 2.2)."""


def alone(values: Tensor) -> Tensor:
    """The sum over all processes if there is only one."""
    return values


def token_logprobs(logits: Tensor, tokens: Tensor, temperature: float = 1.0) -> Tensor:
    """Logarithm of softmax(logits / temperature) at `tokens`, by gather and logsumexp, in float32.

    Args:
        logits: [episodes, tokens, vocabulary].
        tokens: [episodes, tokens].
        temperature: Temperature at which the tokens were drawn.
    """
    logits = logits.float()
    if temperature != 1.0:
        logits = logits / temperature
    return logits.gather(-1, tokens.unsqueeze(-1)).squeeze(-1) - logits.logsumexp(-1)


def token_rewards(scores: Tensor, log_ratio: Tensor, mask: Tensor, kl_coef: float) -> Tensor:
    """r_t = -β·(log π - log π_ref) at each token, and the score at the last one.

    Ziegler et al. 1909.08593, eq. 2, with the divergence token by token. The log-ratio is the
    estimator k1 of KL(π‖π_ref), which is unbiased as a reward.

    Args:
        scores: [episodes], of whole responses.
        log_ratio: log π - log π_ref of each token.
        mask: True at tokens; at least one in each row.
        kl_coef: β.
    """
    rewards = torch.where(mask, -kl_coef * log_ratio, 0.0)
    last = mask.sum(1, keepdim=True) - 1
    return rewards.scatter_add(1, last, scores.unsqueeze(1))


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, lam: float) -> Tensor:
    """Generalised advantages: A_t = δ_t + γλ·A_{t+1}, δ_t = r_t + γ·V_{t+1} - V_t.

    Schulman et al. 1506.02438, eq. 16. After a response's last token value and advantage are 0.
    """
    rewards, values = (torch.where(mask, tensor, 0.0) for tensor in (rewards, values))
    following = torch.zeros_like(values[:, 0])
    advantage = torch.zeros_like(following)
    advantages = torch.zeros_like(values)
    for t in reversed(range(values.shape[1])):
        error = rewards[:, t] + gamma * following - values[:, t]
        advantage = (error + gamma * lam * advantage) * mask[:, t]
        advantages[:, t] = advantage
        following = values[:, t]
    return advantages


def whiten(
    values: Tensor, mask: Tensor, *, shift_mean: bool = True, reduce: Reduce = alone
) -> Tensor:
    """Values divided by their deviation over all tokens of all processes; 0 outside the mask.

    The sample's variance (n - 1), as in TRL. One token alone is left undivided. Without a shift of
    the mean this only changes the scale; TRL adds the old mean after dividing, which gives every
    token a constant reward, and so rewards length.

    Args:
        values: Values to whiten.
        mask: True at the values that count.
        shift_mean: Whether the mean becomes 0.
        reduce: Sums over processes.
    """
    count = reduce(mask.sum())
    mean = reduce(torch.where(mask, values, 0.0).sum()) / count.clamp(min=1)
    variance = reduce(torch.where(mask, values - mean, 0.0).square().sum()) / (count - 1)
    scale = torch.where(count > 1, torch.rsqrt(variance + EPSILON), 1.0)
    return torch.where(mask, (values - mean if shift_mean else values) * scale, 0.0)


def policy_losses(log_ratio: Tensor, advantages: Tensor, cliprange: float) -> tuple[Tensor, Tensor]:
    """-min(ρ·A, clip(ρ, 1 - ε, 1 + ε)·A) of each token, and True where the clip decides.

    Schulman et al. 1707.06347, eq. 7.

    Args:
        log_ratio: log ρ = log π - log π_old.
        advantages: A.
        cliprange: ε.
    """
    ratio = log_ratio.exp()
    plain = -advantages * ratio
    clipped = -advantages * ratio.clamp(1 - cliprange, 1 + cliprange)
    return torch.maximum(plain, clipped), clipped > plain


def value_losses(
    values: Tensor, old_values: Tensor, returns: Tensor, cliprange: float
) -> tuple[Tensor, Tensor]:
    """½·max((V - R)², (clip(V, V_old ± ε) - R)²) of each token, and True where the clip decides.

    The clipped value of Schulman's implementation of PPO, written down by Engstrom et al.
    2005.12729, sec. 3.

    Args:
        values: V.
        old_values: V_old, when the responses were drawn.
        returns: R, the advantage plus V_old.
        cliprange: ε.
    """
    plain = (values - returns).square()
    near = old_values + (values - old_values).clamp(-cliprange, cliprange)
    clipped = (near - returns).square()
    return torch.maximum(plain, clipped) / 2, clipped > plain


def adapted_kl_coef(kl_coef: float, kl: float, target: float, episodes: int, horizon: int) -> float:
    """β·(1 + e·episodes/horizon), e = clip(KL/target - 1, ±0.2): β rises where KL is too large.

    Ziegler et al. 1909.08593, sec. 2.2; their released code has the horizon.

    Args:
        kl_coef: β so far.
        kl: Measured KL(π‖π_ref) of a response, in nats.
        target: Wanted KL.
        episodes: Number of responses it was measured on.
        horizon: Episodes over which β may change by about the error.
    """
    error = min(max(kl / target - 1, -ERROR_LIMIT), ERROR_LIMIT)
    return kl_coef * (1 + error * episodes / horizon)
