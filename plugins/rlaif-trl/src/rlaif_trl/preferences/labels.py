"""The three label columns beyond TRL's: soft label, margin and weight of a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor

from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.preferences.pairs import LabelledPair, Weighting, weights

COLUMNS = ("p_chosen", "margin", "weight")


@dataclass(frozen=True)
class Labels:
    """Training targets of a batch of pairs, each of shape [pairs].

    Attributes:
        p_chosen: Probability in [0, 1] that the chosen response is better.
        margin: Target of the margin h: ℓ(h - margin).
        weight: Weight of the pair in the loss.
    """

    p_chosen: Tensor
    margin: Tensor
    weight: Tensor

    @classmethod
    def collate(cls, examples: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """The label columns of some rows as tensors."""
        return {
            name: torch.tensor([float(example[name]) for example in examples]) for name in COLUMNS
        }

    @classmethod
    def split(cls, batch: Mapping[str, Any]) -> tuple[Labels, dict[str, Any]]:
        """A batch's labels, and the rest of it for the model."""
        rest = {name: value for name, value in batch.items() if name not in COLUMNS}
        return cls(**{name: batch[name] for name in COLUMNS}), rest


def label_rows(
    pairs: Sequence[LabelledPair], *, soft: bool, margin: float, weighting: Weighting
) -> list[dict[str, float]]:
    """The label columns of pairs.

    Args:
        pairs: The preferences.
        soft: Whether p_chosen is the label; otherwise "chosen is better" is taken as certain.
        margin: Factor of the preference's own margin.
        weighting: Source of the pairs' weights.
    """
    return [
        {
            "p_chosen": pair.p_chosen if soft else 1.0,
            "margin": margin * pair.margin,
            "weight": weight,
        }
        for pair, weight in zip(pairs, weights(pairs, weighting), strict=True)
    ]


def pair_dataset(
    encoder: ChatEncoder,
    pairs: Sequence[LabelledPair],
    soft: bool,
    *,
    margin: float = 0.0,
    weighting: Weighting = "none",
) -> Dataset:
    """Pairs as token ids with their labels, for a trainer of policies on pairs.

    Args:
        encoder: Conversations to token ids.
        pairs: The preferences.
        soft: As in `label_rows`.
        margin: As in `label_rows`.
        weighting: As in `label_rows`.

    Raises:
        DataError: If a pair is too long, or all weights are 0.
    """
    encoded = encoder.encode([(pair.prompt, (pair.chosen, pair.rejected)) for pair in pairs])
    labels = label_rows(pairs, soft=soft, margin=margin, weighting=weighting)
    return Dataset.from_list(
        [
            {
                "prompt_ids": item.prompt,
                "chosen_ids": item.responses[0],
                "rejected_ids": item.responses[1],
                **label,
            }
            for item, label in zip(encoded, labels, strict=True)
        ]
    )
