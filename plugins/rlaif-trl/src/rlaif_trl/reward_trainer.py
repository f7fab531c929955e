"""TRL's RewardTrainer with soft labels, label smoothing and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl.trainer.reward_trainer import DataCollatorForPreference, RewardTrainer

from rlaif_trl.arguments import Contained
from rlaif_trl.labels import Labels
from rlaif_trl.losses import bradley_terry, centring, smooth, weighted_mean


@dataclass
class LabelledCollator(DataCollatorForPreference):
    """TRL's collator for pairs, which carries all labels along."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Pad token ids and stack labels: the chosen ones first, then the rejected ones."""
        return {**super().torch_call(examples), **Labels.collate(examples)}


class SoftRewardTrainer(Contained, RewardTrainer):
    """Bradley-Terry on pairs that have soft labels, margins and weights.

    Args:
        label_smoothing: The share of labels in [0, 0.5) that is taken to be flipped.
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
        """Mean weighted loss of a batch of pairs."""
        labels, inputs = Labels.split(inputs)
        outputs = model(**inputs, use_cache=False)
        chosen, rejected = outputs.logits.squeeze(-1).float().chunk(2)
        losses = bradley_terry(
            chosen - rejected - labels.margin, smooth(labels.p_chosen, self.label_smoothing)
        )
        losses = losses + centring(chosen, rejected, self.centring)
        self._note(chosen.detach(), rejected.detach())
        loss = weighted_mean(losses, labels.weight)
        return (loss, outputs) if return_outputs else loss

    def _note(self, chosen: Tensor, rejected: Tensor) -> None:
        """Keep the figures of a batch under TRL's names, each a mean over pairs."""
        figures = {
            "mean_reward": (chosen + rejected) / 2,
            "margin": chosen - rejected,
            "accuracy": (1 + torch.sign(chosen - rejected)) / 2,  # a tie is one half
        }
        gathered = self.accelerator.gather_for_metrics(torch.stack(list(figures.values()), dim=1))
        for name, column in zip(figures, gathered.T.tolist(), strict=True):
            self._metrics["train"][name].extend(column)
