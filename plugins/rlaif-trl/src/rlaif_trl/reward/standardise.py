"""Standardisation of a reward model: mean 0 and deviation 1, folded into its weights.

Bradley-Terry fixes only differences of rewards, so their mean and deviation are free. Both are set
over a reference set and go into the score head, so that rewards are standard with plain
transformers too.

The deviation divides the head's weight. The mean goes into the head's bias if it has one. Most
heads of decoders have none; then a direction v of the hidden space replaces it: the one whose
product with the hidden states h is closest to 1 over the reference set (ridge regression of the
constant 1), scaled so that the mean of v·h is 1. Subtracting mean·v from the weight makes the mean
over the reference set exactly 0. The deviation of v·h from a constant is measured and stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from rlaif_core.api import DataError, PluginError
from rlaif_kit.chat_format import Tokens
from rlaif_trl.reward.scoring import SequenceScorer

RIDGE = 1e-4
"""Share of the hidden states' mean square that is added to each direction's, to bound v."""


@dataclass(frozen=True)
class Standardisation:
    """The mean and deviation that were folded in.

    Attributes:
        mean: Mean raw reward over the reference set.
        deviation: Deviation of the raw rewards, the population's.
        count: Sequences in the reference set.
        error: Deviation of the term by which the mean was folded in, in standardised units; 0 if
            the head has a bias.
        reference: Description of the reference set.
    """

    mean: float
    deviation: float
    count: int
    error: float
    reference: str = "responses of the training preferences"


@dataclass
class _Moments:
    """Sums over the hidden states h, of shape [width], that the score head reads."""

    first: Tensor
    second: Tensor
    count: int = 0

    @classmethod
    def empty(cls, width: int) -> _Moments:
        return cls(
            torch.zeros(width, dtype=torch.float64),
            torch.zeros(width, width, dtype=torch.float64),
        )

    def add(self, hidden: Tensor) -> None:
        """Count states of shape [sequences, width]."""
        hidden = hidden.detach().to("cpu", torch.float64)
        self.first += hidden.sum(dim=0)
        self.second += hidden.T @ hidden
        self.count += len(hidden)


def standardise(scorer: SequenceScorer, sequences: Sequence[Tokens]) -> Standardisation:
    """Fold mean and deviation over `sequences` into the score head, and note them in the config.

    Args:
        scorer: Runs a sequence classifier with one output, which is changed in place.
        sequences: The reference set.

    Raises:
        DataError: If all rewards are the same.
        PluginError: If the model has no linear head with one output.
    """
    model = scorer.model
    head = _head(model)
    moments = _moments(scorer, head, sequences)
    mean_state, mean_square = moments.first / moments.count, moments.second / moments.count
    weight = head.weight[0].detach().to("cpu", torch.float64)
    raw_mean = float(weight @ mean_state)  # without the bias, which shifts but does not spread
    variance = float(weight @ mean_square @ weight) - raw_mean**2
    deviation = max(variance, 0.0) ** 0.5
    if deviation <= 1e-6 * abs(raw_mean) or not deviation > 0:
        raise DataError(
            "the reward model gives every response the same reward: train it longer, with a "
            "higher learning_rate, or on clearer preferences"
        )
    bias = 0.0 if head.bias is None else head.bias.item()
    error = 0.0
    with torch.no_grad():
        if head.bias is None:
            constant = _constant_direction(mean_state, mean_square)
            excess = float(constant @ mean_square @ constant) - 1.0
            error = abs(raw_mean) * max(excess, 0.0) ** 0.5 / deviation
            weight = weight - raw_mean * constant
            deviation_after = float(weight @ mean_square @ weight) ** 0.5
            head.weight.copy_((weight / deviation_after)[None])
        else:
            head.weight.copy_((weight / deviation)[None])
            head.bias.fill_(-raw_mean / deviation)
    made = Standardisation(raw_mean + bias, deviation, moments.count, error)
    model.config.rlaif_standardisation = asdict(made)
    return made


def _constant_direction(mean_state: Tensor, mean_square: Tensor) -> Tensor:
    """The direction v, of shape [width], with mean v·h = 1 and v·h as constant as possible."""
    ridge = RIDGE * mean_square.diagonal().mean() * torch.eye(len(mean_state), dtype=torch.float64)
    direction = torch.linalg.solve(mean_square + ridge, mean_state)
    scaled: Tensor = direction / (direction @ mean_state)
    return scaled


def _moments(
    scorer: SequenceScorer, head: torch.nn.Linear, sequences: Sequence[Tokens]
) -> _Moments:
    """Moments of the states that the rewards of `sequences` are read from."""
    moments = _Moments.empty(head.in_features)
    seen: list[Tensor] = []
    hook = head.register_forward_hook(lambda _module, read, _out: seen.append(read[0]))
    try:
        for batch in scorer.batches(sequences):
            ids = [sequences[i] for i in batch]
            scorer.forward(ids)
            moments.add(_pooled(seen.pop(), ids, scorer.pad))
    finally:
        hook.remove()
    return moments


def _pooled(states: Tensor, sequences: Sequence[Tokens], pad: int) -> Tensor:
    """The state of each sequence that its reward is read from: the last token that is not padding.

    States that are pooled already, [sequences, width], are returned as they are.
    """
    if states.ndim == 2:
        return states
    last = [max((i for i, token in enumerate(ids) if token != pad), default=0) for ids in sequences]
    return states[torch.arange(len(last)), torch.tensor(last)]


def _head(model: Any) -> torch.nn.Linear:
    heads = [
        part
        for part in model.modules()
        if isinstance(part, torch.nn.Linear) and part.out_features == 1
    ]
    if not heads:
        raise PluginError(f"{type(model).__name__} has no linear head with one output to scale")
    return heads[-1]
