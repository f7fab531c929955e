"""TRL's SFTTrainer on token ids with a weight per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling, SFTTrainer

from rlaif_trl.model.chat import Encoded
from rlaif_trl.training.arguments import OfflineTrainer

IGNORED = -100
"""The label of a token that is not learned."""


@dataclass
class WeightedCollator(DataCollatorForLanguageModeling):
    """TRL's collator with weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Pad token ids and stack weights."""
        weights = torch.tensor([float(example["weight"]) for example in examples])
        return {**super().torch_call(examples), "weight": weights}


class WeightedSFTTrainer(OfflineTrainer, SFTTrainer):
    """Next-token prediction of responses: the mean over all their tokens, each by its weight."""

    def _get_num_items_in_batch(
        self, batch_samples: list[dict[str, Any]], device: torch.device
    ) -> Tensor:
        """The weight of all tokens of one optimizer step, over all processes."""
        total = torch.stack([_token_weights(batch).sum() for batch in batch_samples]).sum()
        gathered: Tensor = self.accelerator.gather(total.to(device)[None])
        return gathered.sum()

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Weighted negative log-likelihood of a batch, a share of its optimizer step's mean."""
        weights = _token_weights(inputs)
        rest = {name: value for name, value in inputs.items() if name != "weight"}
        outputs = model(**rest, use_cache=False, fused_lm_head=True)
        losses = -outputs.log_probs * weights
        total = weights.sum() if num_items_in_batch is None else num_items_in_batch
        loss = losses.sum() / torch.as_tensor(total).clamp(min=1e-8)
        if num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # which the gradients are averaged over
        own = -outputs.log_probs.detach().sum() / (weights > 0).sum().clamp(min=1)
        nll = self.accelerator.gather(own[None]).mean().item()
        self._metrics["train" if model.training else "eval"]["nll_loss"].append(nll)
        return (loss, outputs) if return_outputs else loss


def response_dataset(encoded: Sequence[Encoded], weights: Sequence[float]) -> Dataset:
    """Rows to learn responses from; prompts are not learned.

    Args:
        encoded: Prompts with one response each.
        weights: Weight of each row's tokens in the loss.
    """
    return Dataset.from_list(
        [
            {
                "input_ids": item.prompt + item.responses[0],
                "labels": [IGNORED] * len(item.prompt) + item.responses[0],
                "weight": weight,
            }
            for item, weight in zip(encoded, weights, strict=True)
        ]
    )


def _token_weights(batch: dict[str, Any]) -> Tensor:
    """Weights [sequences, tokens - 1] of the predicted tokens, 0 for the rest."""
    weights: Tensor = batch["labels"][:, 1:].ne(IGNORED) * batch["weight"][:, None]
    return weights
