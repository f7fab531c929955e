"""Batches of token sequences of similar length, padded to rectangles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rlaif_kit.chat_format import Tokens


def by_length(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices of batches, the longest first, so that one that is too large fails at once.

    Args:
        lengths: In tokens.
        batch_tokens: Most tokens in one batch, padding included.
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def padded(
    sequences: Sequence[Tokens], pad: int, device: Any, *, left: bool = False
) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, both [sequences, longest]."""
    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), pad)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(sequences):
        place = slice(longest - len(tokens), longest) if left else slice(0, len(tokens))
        ids[row, place] = torch.tensor(tokens, dtype=torch.long)
        mask[row, place] = 1
    return ids.to(device), mask.to(device)
