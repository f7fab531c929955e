"""A forward pass over padded rows, for any architecture's signature."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

_LOGITS_AT_ONCE: Final = 1 << 24
"""Logits in float32 at one moment: 64 MiB."""


class ForwardPass:
    """Calls a causal language model with the arguments that it accepts.

    Args:
        model: In evaluation mode.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._known = frozenset(inspect.signature(model.forward).parameters)

    def __call__(
        self,
        input_ids: torch.Tensor,
        mask: torch.Tensor,
        keep: int,
        cache: Cache | None = None,
        *,
        keep_cache: bool = False,
    ) -> tuple[torch.Tensor, Any]:
        """Logits of the last columns, and the keys and values.

        Args:
            input_ids: [B, T].
            mask: [B, cached + T], 1 at real tokens.
            keep: Number of last columns to return logits for.
            cache: Keys and values of the columns before.
            keep_cache: Whether to return keys and values.

        Returns:
            Logits [B, keep, V], and the cache or None.
        """
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -input_ids.shape[1] :]
        optional = {"position_ids": positions, "logits_to_keep": keep}
        output = self._model(
            input_ids=input_ids,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=keep_cache,
            **{name: value for name, value in optional.items() if name in self._known},
        )
        return output.logits[:, -keep:], getattr(output, "past_key_values", None)


def chosen_log_probabilities(
    logits: torch.Tensor, chosen: Sequence[tuple[int, int, int]]
) -> list[float]:
    """Natural-log probabilities of tokens.

    Args:
        logits: [B, T, V], of any float type; only a part of them is in float32 at one time.
        chosen: (row, column, token) of each wanted probability.

    Returns:
        One value per entry of `chosen`, computed in float32.
    """
    if not chosen:
        return []
    flat = logits.flatten(0, 1)
    at_once = max(1, _LOGITS_AT_ONCE // flat.shape[1])
    normaliser = torch.cat([part.float().logsumexp(-1) for part in flat.split(at_once)])
    rows, columns, tokens = torch.tensor(chosen, device=logits.device).unbind(1)
    places = rows * logits.shape[1] + columns
    values: list[float] = (flat[places, tokens].float() - normaliser[places]).tolist()
    return values
