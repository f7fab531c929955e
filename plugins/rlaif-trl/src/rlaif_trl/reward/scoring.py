"""Rewards of token sequences, in batches of similar length that do not change them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.batching import by_length, padded


class SequenceScorer:
    """Runs a sequence classifier with one output.

    Args:
        model: The classifier; put into evaluation mode.
        pad: Id of the padding token.
        batch_tokens: Most tokens in one batch, padding included.
    """

    def __init__(self, model: Any, pad: int, batch_tokens: int) -> None:
        self.model = model.eval()
        self.pad = pad
        self._batch_tokens = batch_tokens

    def rewards(self, sequences: Sequence[Tokens]) -> list[float]:
        """One reward per sequence, in their order."""
        rewards = [0.0] * len(sequences)
        for batch in self.batches(sequences):
            scored = self.forward([sequences[i] for i in batch]).tolist()
            for i, reward in zip(batch, scored, strict=True):
                rewards[i] = reward
        return rewards

    @torch.inference_mode()
    def forward(self, sequences: Sequence[Tokens]) -> Tensor:
        """Rewards of one batch, of shape [sequences]."""
        ids, mask = padded(sequences, self.pad, self.model.device)
        logits: Tensor = self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        return logits.squeeze(-1).float()

    def batches(self, sequences: Sequence[Tokens]) -> Iterator[list[int]]:
        """Indices of batches, the longest first, so that one that is too large fails at once."""
        return by_length([len(tokens) for tokens in sequences], self._batch_tokens)
