"""TRL's KTOTrainer on token ids, without cache files and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from datasets import Dataset
from torch import Tensor
from trl.trainer.kto_trainer import KTOTrainer

from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.pairs.reference_logps import with_reference
from rlaif_trl.pairs.unpaired import Marked
from rlaif_trl.training.arguments import OfflineTrainer


class MarkedKTOTrainer(OfflineTrainer, KTOTrainer):
    """KTO on a data set of `marked_dataset`."""

    names: ClassVar[Mapping[str, str]] = {"kl": "kl_of_mismatched_pairs", **OfflineTrainer.names}

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset  # holds token ids already, none too long

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        def ask(batch: dict[str, Any]) -> dict[str, Tensor]:
            me: Any = self  # has no types
            own, mismatched = me.compute_ref_log_probs(self.ref_model or self.model, batch)
            return {"ref_logps": own} | ({} if mismatched is None else {"ref_KL_logps": mismatched})

        return with_reference(self, dataset, batch_size, _length, ask)


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + len(row["completion_ids"])


def marked_dataset(
    encoder: ChatEncoder, marked: Sequence[Marked], batch_size: int, *, mismatched: bool
) -> Dataset:
    """Marked responses as token ids, in the order in which they are trained on.

    Args:
        encoder: Conversations to token ids.
        marked: The responses, in batches of `batch_size`.
        batch_size: Responses in a batch of one process.
        mismatched: Whether each prompt also gets the response of the one before it in its batch,
            which the loss estimates the divergence from (2402.01306, sec. 4.1).

    Raises:
        DataError: If one is too long.
    """
    encoded = encoder.encode([(mark.prompt, (mark.response,)) for mark in marked])
    rows: list[dict[str, Any]] = [
        {"prompt_ids": item.prompt, "completion_ids": item.responses[0], "label": mark.label}
        for item, mark in zip(encoded, marked, strict=True)
    ]
    for start in range(0, len(rows) if mismatched else 0, batch_size):
        batch = rows[start : start + batch_size]
        for row, before in zip(batch, [batch[-1], *batch[:-1]], strict=True):
            room = encoder.max_length - len(row["prompt_ids"])
            row["KL_completion_ids"] = before["completion_ids"][:room]
    return Dataset.from_list(rows)
