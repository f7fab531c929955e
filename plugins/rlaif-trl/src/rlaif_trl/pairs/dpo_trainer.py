"""TRL's DPOTrainer with soft labels, margins and weights.

TRL keeps its losses, each for a certain label, in one method. Here the losses of a pair come from
`rlaif_trl.preferences.losses` if they are among those, otherwise from TRL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl.trainer.dpo_trainer import DataCollatorForPreference, DPOTrainer

from rlaif_trl.pairs.reference_logps import with_reference
from rlaif_trl.preferences.labels import COLUMNS, Labels
from rlaif_trl.preferences.losses import LogRatios, PairLoss, weighted_mean
from rlaif_trl.training.arguments import OfflineTrainer


@dataclass
class LabelledCollator(DataCollatorForPreference):
    """TRL's collator for pairs, with labels."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Pad token ids and stack labels: the chosen ones first, then the rejected ones."""
        return {**super().torch_call(examples), **Labels.collate(examples)}


class SoftDPOTrainer(OfflineTrainer, DPOTrainer):
    """DPO whose pairs have soft labels, margins and weights.

    Args:
        pair_losses: Losses of `rlaif_trl.preferences.losses`, as many as the arguments' `loss_type`
            names; empty if TRL computes them, with certain labels and equal weights.
    """

    def __init__(self, *args: Any, pair_losses: Sequence[PairLoss] = (), **kwargs: Any) -> None:
        self.pair_losses = pair_losses
        super().__init__(*args, **kwargs)
        if self.precompute_ref_logps:
            self.ref_model = None  # the data set holds its log-probabilities

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset  # holds token ids already, none too long

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        def ask(batch: dict[str, Any]) -> dict[str, Tensor]:
            chosen, rejected = self.compute_ref_log_probs(self.ref_model or self.model, batch)
            return {"ref_chosen_logps": chosen, "ref_rejected_logps": rejected}

        return with_reference(self, dataset, batch_size, _length, ask)

    def compute_ref_log_probs(self, model: Any, inputs: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """Log-probabilities of chosen and rejected responses under the reference, each [pairs]."""
        inputs = {name: value for name, value in inputs.items() if name not in COLUMNS}
        parent: Any = super()  # has no types
        chosen, rejected = parent.compute_ref_log_probs(model, inputs)
        return chosen, rejected

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        labels, inputs = Labels.split(inputs)
        if not self.pair_losses:
            parent: Any = super()
            return parent._compute_loss(model, inputs, return_outputs)
        outputs = self._forward(model, inputs)
        chosen, rejected = outputs.log_probs.sum(dim=1).chunk(2)
        if self.precompute_ref_logps:
            reference = inputs["ref_chosen_logps"], inputs["ref_rejected_logps"]
        else:
            reference = self.compute_ref_log_probs(self.ref_model or self.model, inputs)
        tokens = inputs["completion_mask"].sum(dim=1).chunk(2)
        ratios = LogRatios(chosen - reference[0], rejected - reference[1], *tokens)
        losses = [loss(ratios, labels.p_chosen, labels.margin) for loss in self.pair_losses]
        shares = torch.tensor(self.loss_weights, device=losses[0].device)
        loss = weighted_mean(shares @ torch.stack(losses), labels.weight)
        if self.aux_loss_enabled:
            loss = loss + self.router_aux_loss_coef * outputs.aux_loss
        self._record(ratios, labels.weight, model.training)
        return (loss, outputs) if return_outputs else loss

    def _forward(self, model: Any, inputs: dict[str, Any]) -> Any:
        completion = inputs["completion_mask"]
        router = {"output_router_logits": True} if self.aux_loss_enabled else {}
        return model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=inputs["input_ids"].masked_fill(completion == 0, -100),
            use_cache=False,
            fused_lm_head=True,
            **router,
        )

    def _record(self, ratios: LogRatios, weight: Tensor, training: bool) -> None:
        """Record the metrics of a batch under TRL's names, each a mean over pairs."""
        chosen, rejected = self.beta * ratios.chosen.detach(), self.beta * ratios.rejected.detach()
        figures = {
            "rewards/chosen": chosen,
            "rewards/rejected": rejected,
            "rewards/margins": chosen - rejected,
            "rewards/accuracies": (1 + torch.sign(chosen - rejected)) / 2,  # a tie is one half
        }
        self.record_metrics(figures, weight, training)

    def record_metrics(self, metrics: dict[str, Tensor], weight: Tensor, training: bool) -> None:
        """Record metrics of pairs, each of shape [pairs]; pairs of weight 0 are left out."""
        rows = torch.stack([*metrics.values(), weight], dim=1)
        counted = [row for row in self.accelerator.gather_for_metrics(rows).tolist() if row[-1]]
        for name, column in zip(metrics, zip(*counted, strict=True), strict=False):
            self._metrics["train" if training else "eval"][name].extend(column)


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))
