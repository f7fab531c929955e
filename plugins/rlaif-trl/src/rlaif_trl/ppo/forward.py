"""A forward pass of a causal language model, for any architecture's signature."""

from __future__ import annotations

import inspect
from typing import Any

from torch import Tensor


class Forward:
    """Calls a model with the optional arguments that it accepts.

    Args:
        model: A model of transformers, with or without an adapter.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._known = frozenset(inspect.signature(base.forward).parameters)

    def __call__(
        self, ids: Tensor, mask: Tensor, keep: int = 0, cache: Any = None, use_cache: bool = False
    ) -> Any:
        """The model's output.

        Args:
            ids: [rows, columns].
            mask: [rows, cached + columns], 1 at tokens.
            keep: Number of last columns whose logits are needed; the model leaves others out if it
                can, since with a large vocabulary they take the most memory.
            cache: Keys and values of the columns before.
            use_cache: Whether to return keys and values.
        """
        optional = {
            "position_ids": positions(mask)[:, -ids.shape[1] :],
            "logits_to_keep": keep,
            "past_key_values": cache,
        }
        return self.model(
            input_ids=ids,
            attention_mask=mask,
            use_cache=use_cache,
            **{name: value for name, value in optional.items() if name in self._known},
        )


def positions(mask: Tensor) -> Tensor:
    """Position ids from an attention mask, [rows, columns]; 0 at padding on the left."""
    return (mask.cumsum(-1) - 1).clamp(min=0)
