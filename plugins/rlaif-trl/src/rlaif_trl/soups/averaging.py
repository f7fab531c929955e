"""Averages of the weights of policies, and their rewards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rlaif_core.api import PluginError, TrainingJob
from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import context_length, load_causal, load_tokenizer, save
from rlaif_trl.model.sampling import Draw, sample
from rlaif_trl.policy.optimizer import rewards


class PolicyAverage:
    """Weighted averages of policies that were trained from the same start.

    Args:
        job: The job they were trained for.
        parents: Their folders; two or more.
        tokens: Most tokens of a response.

    Raises:
        PluginError: If their weights do not have the same names and shapes.
    """

    def __init__(self, job: TrainingJob, parents: Sequence[Path], tokens: int) -> None:
        self._job = job
        self._tokenizer = load_tokenizer(str(parents[0]))
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = load_causal(str(parents[0]), "float32")
        self._model = model.to(device)
        self._states = [load_causal(str(folder), "float32").state_dict() for folder in parents]
        first = {name: weight.shape for name, weight in self._states[0].items()}
        for folder, state in zip(parents, self._states, strict=True):
            if {name: weight.shape for name, weight in state.items()} != first:
                raise PluginError(f"{folder}: its weights differ in shape from {parents[0]}")
        self._tokens = tokens

    def rewards(self, shares: Sequence[float], count: int) -> dict[str, float]:
        """Mean of each reward over responses of the average, to held-out prompts if there are any.

        Args:
            shares: Share of each parent, adding up to 1.
            count: Most prompts.

        Returns:
            Means by reward; a reward that abstained on all responses is left out.
        """
        self._mix(shares)
        prompts = list(self._job.heldout_prompts or self._job.prompts)[:count]
        encoder = ChatEncoder(
            self._tokenizer, context_length(self._model, self._tokenizer, None), "error"
        )
        # Two responses each, since a pairwise judge rewards by comparing them.
        prompts = [prompt for prompt in prompts for _ in range(2)]
        ids = encoder.encode_prompts([prompt.messages for prompt in prompts], self._tokens)
        torch.manual_seed(self._job.seed)
        drawn = sample(self._model, self._tokenizer, ids, Draw(self._tokens))
        texts = self._tokenizer.batch_decode(drawn, skip_special_tokens=True)
        means = {}
        for name, scorer in self._job.objectives.items():
            known = [reward for reward in rewards(scorer, prompts, texts) if reward is not None]
            if known:
                means[name] = sum(known) / len(known)
        return means

    def save(self, shares: Sequence[float]) -> None:
        """Write the average to the job's output."""
        self._mix(shares)
        save(self._model, self._tokenizer, self._job.output)

    def _mix(self, shares: Sequence[float]) -> None:
        """θ = Σ λ_i θ_i (Ramé et al. 2306.04488)."""
        mixed = {}
        for name, first in self._states[0].items():
            if not first.is_floating_point():
                mixed[name] = first
                continue
            mixed[name] = sum(
                (share * state[name] for share, state in zip(shares, self._states, strict=True)),
                start=torch.zeros_like(first),
            )
        self._model.load_state_dict(mixed)
