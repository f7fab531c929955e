"""TRL's RewardTrainer on rankings that have soft labels, margins and weights; pairs are K = 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl.trainer.reward_trainer import RewardTrainer

from rlaif_trl.preferences.losses import centring, smooth, weighted_mean
from rlaif_trl.reward.plackett_luce import ABSENT, plackett_luce
from rlaif_trl.training.arguments import OfflineTrainer

_TARGETS = ("sizes", "p", "margin", "weight")


@dataclass(frozen=True)
class RankingCollator:
    """Makes batches of rows `responses` (token ids, best first), `p`, `margin` and `weight`.

    Attributes:
        pad: Id of the padding token.
    """

    pad: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """One batch: all responses below each other, padded on the right, and the targets."""
        sequences = [torch.tensor(response) for row in rows for response in row["responses"]]
        pad = torch.nn.utils.rnn.pad_sequence
        return {
            "input_ids": pad(sequences, batch_first=True, padding_value=self.pad),
            "attention_mask": pad([torch.ones_like(ids) for ids in sequences], batch_first=True),
            "sizes": torch.tensor([len(row["responses"]) for row in rows]),
            "p": pad([torch.tensor(row["p"]) for row in rows], batch_first=True),
            "margin": pad([torch.tensor(row["margin"]) for row in rows], batch_first=True),
            "weight": torch.tensor([row["weight"] for row in rows]),
        }


class RankingTrainer(OfflineTrainer, RewardTrainer):
    """Plackett-Luce on rankings, which is Bradley-Terry on pairs.

    Args:
        label_smoothing: Assumed share of flipped labels, in [0, 0.5).
        centring: TRL's center_rewards_coefficient.
    """

    def __init__(
        self, *args: Any, label_smoothing: float = 0.0, centring: float = 0.0, **kwargs: Any
    ) -> None:
        self.label_smoothing = label_smoothing
        self.centring = centring
        super().__init__(*args, **kwargs)

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset  # holds token ids already, none too long

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Mean weighted loss of a batch of rankings."""
        targets = {name: inputs[name] for name in _TARGETS}
        tokens = {name: value for name, value in inputs.items() if name not in _TARGETS}
        outputs = model(**tokens, use_cache=False)
        rewards = by_ranking(outputs.logits.squeeze(-1).float(), targets["sizes"])
        p = smooth(targets["p"], self.label_smoothing)
        losses = plackett_luce(rewards, p, targets["margin"])
        mean = _mean(rewards, rewards > ABSENT / 2)
        losses = losses + centring(mean, mean, self.centring)
        self._record(rewards.detach())
        loss = weighted_mean(losses, targets["weight"])
        return (loss, outputs) if return_outputs else loss

    def _record(self, rewards: Tensor) -> None:
        """Record a batch's metrics under TRL's names: means over neighbours, over rankings."""
        there = rewards[:, 1:] > ABSENT / 2
        steps = rewards[:, :-1] - rewards[:, 1:]
        figures = {
            "mean_reward": _mean(rewards, rewards > ABSENT / 2),
            "margin": _mean(steps, there),
            "accuracy": _mean((1 + torch.sign(steps)) / 2, there),  # a tie is one half
        }
        gathered = self.accelerator.gather_for_metrics(torch.stack(list(figures.values()), dim=1))
        for name, column in zip(figures, gathered.T.tolist(), strict=True):
            self._metrics["train"][name].extend(column)


def by_ranking(rewards: Tensor, sizes: Tensor) -> Tensor:
    """Rewards of a batch as a table.

    Args:
        rewards: Of shape [responses], ranking after ranking.
        sizes: Of shape [rankings]: number of responses of each.

    Returns:
        Of shape [rankings, the most responses], `ABSENT` where a ranking has fewer.
    """
    there = torch.arange(int(sizes.max()), device=rewards.device) < sizes[:, None]
    table = rewards.new_full(there.shape, ABSENT)
    return table.masked_scatter(there, rewards)


def _mean(values: Tensor, there: Tensor) -> Tensor:
    """Row means over the entries that are there."""
    return torch.where(there, values, 0.0).sum(dim=1) / there.sum(dim=1)
