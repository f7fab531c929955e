"""The reference policy: the policy with its adapter switched off, or a frozen model of its own."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from rlaif_trl.ppo.actor_critic import PolicyLogprobs
from rlaif_trl.ppo.episodes import Batch
from rlaif_trl.training.adapter import without_adapter


class Reference:
    """Reference of the policy's divergence.

    Args:
        model: A frozen model; or the policy itself, whose adapter is then switched off.
        temperature: Temperature of both.
        adapter: Whether `model` is the policy with an adapter.
    """

    def __init__(self, model: Any, temperature: float, *, adapter: bool) -> None:
        self._logprobs = PolicyLogprobs(model, temperature)
        self._adapter = adapter
        if not adapter:
            model.eval().requires_grad_(False)

    @torch.no_grad()
    def logprobs(self, batch: Batch) -> Tensor:
        """Log-probabilities of each response token, [episodes, width]."""
        with without_adapter(self._logprobs.model) if self._adapter else nullcontext():
            return self._logprobs(batch)
