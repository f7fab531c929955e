"""Rows of unequal length as one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch

MISREAD_BY: Final = frozenset({"minimax", "recurrent_gemma", "rwkv", "xlstm"})
"""Model types that transformers 5 lets take padding for text: a batch would be wrong."""


def left_padded(
    rows: Sequence[Sequence[int]], pad: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows that end in the same column, and their mask, each [B, longest]."""
    width = max(len(row) for row in rows)
    ids = [[pad] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
