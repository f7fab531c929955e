"""The updates of one step: several passes over its episodes, in minibatches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from rlaif_trl.ppo.episodes import Episodes
from rlaif_trl.ppo.equations import policy_losses, value_losses
from rlaif_trl.ppo.experience import Experience
from rlaif_trl.ppo.params import PPOParams

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass
class Sums:
    """Sums over tokens of one or more updates.

    Attributes:
        policy_loss: Clipped losses of the policy.
        value_loss: Clipped losses of the value model.
        clipped: Tokens at which the clip of the ratio decides.
        value_clipped: Tokens at which the clip of the value decides.
        ratio: New over old probability.
        approx_kl: ½·(log ratio)², the estimator k2 of KL(π_old‖π).
        tokens: Number of tokens.
    """

    policy_loss: Tensor
    value_loss: Tensor
    clipped: Tensor
    value_clipped: Tensor
    ratio: Tensor
    approx_kl: Tensor
    tokens: Tensor


@dataclass(frozen=True)
class Updater:
    """Follows the gradient of an experience.

    The loss of a minibatch is its sum over tokens divided by the tokens of the whole minibatch on
    all devices: splitting it into more passes or over more devices changes nothing.

    Attributes:
        accelerator: Wraps the devices.
        networks: The wrapped `ActorCritic`.
        optimizer: The wrapped optimizer.
        groups: The trained parameters of each network, whose gradients are clipped apart: a large
            error of the value model must not slow the policy down.
        params: The recipe's parameters.
    """

    accelerator: Accelerator
    networks: Any
    optimizer: Any
    groups: Sequence[Sequence[torch.nn.Parameter]]
    params: PPOParams

    def update(
        self, episodes: Episodes, experience: Experience, generator: torch.Generator
    ) -> dict[str, float]:
        """All passes over one batch of episodes.

        Args:
            episodes: This device's episodes.
            experience: Their experience.
            generator: Shuffles them.

        Returns:
            Means over the tokens of all passes, and the largest norm of a gradient.
        """
        self.networks.train()
        totals: list[Tensor] = []
        norms = [torch.zeros(())]
        for _ in range(self.params.num_ppo_epochs):
            order = torch.randperm(len(episodes), generator=generator).tolist()
            size = len(order) // self.params.num_mini_batches
            for start in range(0, len(order), size):
                rows = order[start : start + size]
                counted = self.accelerator.reduce(experience.mask[rows].sum(), "sum")
                if not counted:
                    continue  # none of its responses has a reward
                totals.append(self._minibatch(episodes, experience, rows, counted))
                norms += self._step()
        return self._means(totals, norms)

    def _minibatch(
        self, episodes: Episodes, experience: Experience, rows: list[int], counted: Tensor
    ) -> Tensor:
        """Gradients of one minibatch; its sums as one tensor."""
        scale = self.accelerator.num_processes / counted  # wrappers take the mean over devices
        sums = torch.zeros(len(fields(Sums)), device=counted.device)
        for micro, last in self._micro_batches(episodes.by_length(rows)):
            synchronised = nullcontext() if last else self.accelerator.no_sync(self.networks)
            with synchronised:
                part = self._losses(episodes, experience, micro)
                loss = part.policy_loss + self.params.vf_coef * part.value_loss
                self.accelerator.backward(loss * scale)
            sums += torch.stack([getattr(part, field.name).detach() for field in fields(Sums)])
        return sums

    def _micro_batches(self, rows: list[int]) -> Iterator[tuple[list[int], bool]]:
        size = self.params.per_device_train_batch_size
        for start in range(0, len(rows), size):
            yield rows[start : start + size], start + size >= len(rows)

    def _losses(self, episodes: Episodes, experience: Experience, rows: list[int]) -> Sums:
        batch = episodes.batch(rows)
        old = _Rows(experience, rows, batch.width)
        logprobs, values = self.networks(batch.ids, batch.mask, batch.width)
        log_ratio = torch.where(old.mask, logprobs - old.logprobs, 0.0)
        policy, clipped = policy_losses(log_ratio, old.advantages, self.params.cliprange)
        value, value_clipped = value_losses(
            values, old.values, old.returns, self.params.cliprange_value
        )
        change = log_ratio.detach()
        return Sums(
            policy_loss=_sum(policy, old.mask),
            value_loss=_sum(value, old.mask),
            clipped=_sum(clipped, old.mask),
            value_clipped=_sum(value_clipped, old.mask),
            ratio=_sum(change.exp(), old.mask),
            approx_kl=_sum(change.square() / 2, old.mask),
            tokens=old.mask.sum(),
        )

    def _step(self) -> list[Tensor]:
        """One step of the optimizer; the norm of each network's gradient."""
        limit = self.params.max_grad_norm or float("inf")
        norms = [self.accelerator.clip_grad_norm_(group, limit) for group in self.groups]
        self.optimizer.step()
        self.optimizer.zero_grad()
        return [norm.detach().cpu() for norm in norms]

    def _means(self, totals: list[Tensor], norms: list[Tensor]) -> dict[str, float]:
        if not totals:
            return {}
        sums = Sums(*self.accelerator.reduce(torch.stack(totals).sum(0), "sum"))
        means = {
            field.name: float(getattr(sums, field.name) / sums.tokens)
            for field in fields(Sums)
            if field.name != "tokens"
        }
        means["loss"] = means["policy_loss"] + self.params.vf_coef * means["value_loss"]
        means["grad_norm"] = float(torch.stack(norms).max())
        return means


def _sum(values: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, values.float(), 0.0).sum()


class _Rows:
    """Some rows of an experience, as wide as their batch."""

    def __init__(self, experience: Experience, rows: list[int], width: int) -> None:
        self.mask, self.logprobs, self.values, self.advantages, self.returns = (
            getattr(experience, field.name)[rows, :width] for field in fields(Experience)
        )
