"""Seeded sampling: a row's tokens depend on its own seed, not on the batch around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from transformers import LogitsProcessor


class SeededSampling(LogitsProcessor):
    """Draws each row's next token and leaves greedy decoding no other choice.

    A row's token at a step is the first, in the vocabulary's order, at which the cumulative
    probability after temperature and top-p exceeds that row's uniform number for that step
    (inverse transform sampling). The numbers come from a generator seeded by the row's request,
    so the global random state is neither read nor changed.

    Args:
        seeds: One per row.
        temperatures: One per row; 0 is greedy.
        top_ps: One per row, in (0, 1] (Holtzman et al. 2020, arXiv:1904.09751).
        steps: Most tokens that will be drawn.
        start: Columns of the prompt: the step at width w is w - start.
        device: Device of the logits.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        temperatures: Sequence[float],
        top_ps: Sequence[float],
        steps: int,
        start: int,
        device: torch.device,
    ) -> None:
        self._uniform = torch.stack([_uniform(seed, steps) for seed in seeds]).to(device)
        self._temperature = torch.tensor(temperatures, device=device).unsqueeze(1)
        self._greedy = self._temperature.squeeze(1) == 0
        self._top_p = torch.tensor(top_ps, device=device).unsqueeze(1)
        self._truncates = min(top_ps) < 1
        self._start = start
        self.finite = torch.ones(len(seeds), dtype=torch.bool, device=device)
        """Rows, [B], whose logits have all been finite so far."""

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Logits [B, V] to logits that are finite at the drawn token alone."""
        logits = scores.float()
        best = logits.argmax(-1)
        self.finite &= logits.amax(-1).isfinite()
        scaled = logits / self._temperature.where(self._temperature > 0, 1.0)
        probability = scaled.softmax(-1)
        if self._truncates:
            probability = probability.where(nucleus(probability, self._top_p), 0.0)
        drawn = inverse_transform(
            probability, self._uniform[:, input_ids.shape[1] - self._start, None]
        )
        chosen = torch.where(self._greedy, best, drawn)
        forced = torch.full_like(scores, -torch.inf).scatter_(1, chosen.unsqueeze(1), 0.0)
        return cast(torch.FloatTensor, forced)


def nucleus(probability: torch.Tensor, top_p: torch.Tensor) -> torch.Tensor:
    """Mask [B, V] of the smallest set of tokens with mass top_p; the most likely one is in it.

    Args:
        probability: [B, V], rows sum to 1.
        top_p: [B, 1] in (0, 1].
    """
    ordered, index = probability.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(-1) - ordered
    kept = (before < top_p) | (top_p >= 1)
    return torch.empty_like(kept).scatter_(1, index, kept)


def inverse_transform(probability: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """The token at which the cumulative mass first exceeds `uniform` of the total, [B].

    Args:
        probability: [B, V], non-negative; need not sum to 1.
        uniform: [B, 1] in [0, 1).
    """
    cumulative = probability.cumsum(-1)
    total = cumulative[:, -1:]
    # Rounding must not lift the target to the total, or the last token is drawn at mass 0.
    target = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    found = torch.searchsorted(cumulative, target, right=True).squeeze(1)
    return found.clamp(max=probability.shape[1] - 1)


def _uniform(seed: int, steps: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed % 2**63)
    return torch.rand(steps, generator=generator)
