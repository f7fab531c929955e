"""Experience of a batch of episodes: old log-probabilities, values, advantages and returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from rlaif_trl.ppo import equations
from rlaif_trl.ppo.actor_critic import ActorCritic
from rlaif_trl.ppo.episodes import Episodes
from rlaif_trl.ppo.equations import Reduce
from rlaif_trl.ppo.params import PPOParams
from rlaif_trl.ppo.reference import Reference


@dataclass(frozen=True)
class NetworkOutputs:
    """Outputs of the three networks for episodes; all [episodes, tokens].

    Attributes:
        logprobs: Log-probabilities under the policy that drew them.
        reference_logprobs: Log-probabilities under the reference.
        values: Values of the value model.
    """

    logprobs: Tensor
    reference_logprobs: Tensor
    values: Tensor


@dataclass(frozen=True)
class Experience:
    """Inputs of the update; all [episodes, tokens].

    Attributes:
        mask: True at the tokens of responses that have a reward.
        logprobs: Log-probabilities under the policy that drew them.
        values: Values of the value model at that time.
        advantages: Advantages of the tokens.
        returns: Targets of the value model.
    """

    mask: Tensor
    logprobs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor


@torch.no_grad()
def run_networks(
    networks: ActorCritic, reference: Reference, episodes: Episodes, batch_size: int
) -> NetworkOutputs:
    """Run all three networks on all episodes, in batches of similar length."""
    networks.eval()
    mask = episodes.response_mask
    outputs = [torch.zeros(mask.shape, device=mask.device) for _ in range(3)]
    order = episodes.by_length(range(len(episodes)))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batch = episodes.batch(rows)
        logprobs, values = networks(batch.ids, batch.mask, batch.width)
        short = mask.shape[1] - batch.width
        for whole, part in zip(outputs, (logprobs, reference.logprobs(batch), values), strict=True):
            whole[rows] = pad(part, (0, short))
    return NetworkOutputs(*(torch.where(mask, output, 0.0) for output in outputs))


def make_experience(
    outputs: NetworkOutputs,
    mask: Tensor,
    scores: Sequence[float | None],
    params: PPOParams,
    kl_coef: float,
    reduce: Reduce = equations.alone,
) -> Experience:
    """Advantages and returns of episodes; those without a score do not count.

    Args:
        outputs: Outputs of the networks.
        mask: True at response tokens, [episodes, tokens].
        scores: Rewards of whole responses; None where there is none.
        params: γ, λ, and the choice of whitening.
        kl_coef: β.
        reduce: Sums over processes, for whitening.
    """
    known = torch.tensor([score is not None for score in scores], device=mask.device)
    given = torch.tensor([score or 0.0 for score in scores], device=mask.device)
    counted = mask & known.unsqueeze(1)
    rewards = equations.token_rewards(
        given, outputs.logprobs - outputs.reference_logprobs, mask, kl_coef
    )
    if params.whiten_rewards:
        rewards = equations.whiten(rewards, counted, shift_mean=False, reduce=reduce)
    advantages = equations.gae(rewards, outputs.values, counted, params.gamma, params.lam)
    returns = advantages + outputs.values
    if params.whiten_advantages:
        advantages = equations.whiten(advantages, counted, reduce=reduce)
    return Experience(counted, outputs.logprobs, outputs.values, advantages, returns)
