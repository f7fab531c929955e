"""Token sequences in batches of like lengths, padded to rectangles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rlaif_core.kit.chat_format import Tokens


def by_length(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices that go together, the longest first: what needs too much memory fails at once.

    Args:
        lengths: In tokens.
        batch_tokens: At most so many tokens at once, padding included.
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
    for row, one in enumerate(sequences):
        place = slice(longest - len(one), longest) if left else slice(0, len(one))
        ids[row, place] = torch.tensor(one, dtype=torch.long)
        mask[row, place] = 1
    return ids.to(device), mask.to(device)
