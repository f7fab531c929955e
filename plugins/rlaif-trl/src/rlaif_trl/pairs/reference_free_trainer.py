"""A trainer on labelled pairs without a reference."""

from __future__ import annotations

from typing import Any

import torch
from datasets import Dataset

from rlaif_trl.pairs.dpo_trainer import SoftDPOTrainer
from rlaif_trl.pairs.reference_free_losses import LogProbs, ReferenceFreeLoss
from rlaif_trl.preferences.labels import Labels
from rlaif_trl.preferences.losses import weighted_mean


class ReferenceFreeTrainer(SoftDPOTrainer):
    """DPO's trainer with a loss of `rlaif_trl.pairs.reference_free_losses`.

    TRL's own trainers of these losses, in `trl.experimental`, have no soft labels and tokenise by
    older rules than its DPO trainer.

    Args:
        loss: The loss.
    """

    def __init__(self, *args: Any, loss: ReferenceFreeLoss, **kwargs: Any) -> None:
        self.loss = loss
        super().__init__(*args, **kwargs)

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        return dataset  # no reference is needed

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        labels, inputs = Labels.split(inputs)
        outputs = self._forward(model, inputs)
        tokens = inputs["completion_mask"].sum(dim=1).chunk(2)
        logps = LogProbs(*outputs.log_probs.sum(dim=1).chunk(2), *tokens)
        loss = weighted_mean(self.loss(logps, labels.p_chosen), labels.weight)
        if self.aux_loss_enabled:
            loss = loss + self.router_aux_loss_coef * outputs.aux_loss
        margins = self.loss.margins(logps).detach()
        self.record_metrics(
            {
                "rewards/margins": margins,
                "rewards/accuracies": (1 + torch.sign(margins)) / 2,  # a tie is one half
                "nll_loss": -logps.means[0].detach(),
            },
            labels.weight,
            model.training,
        )
        return (loss, outputs) if return_outputs else loss
