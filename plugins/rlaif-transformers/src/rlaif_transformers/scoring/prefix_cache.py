"""Prefix cache: rows that a model has read, which longer rows continue."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from rlaif_transformers.scoring.forward import ForwardPass
from rlaif_transformers.scoring.kv_cache import BufferPool, ContinuedLayer, PrefixColumns

if TYPE_CHECKING:
    from rlaif_kit.chat_format import Tokens

_PLAIN = (DynamicLayer, DynamicSlidingWindowLayer)
"""Layers whose whole state is the keys and values of the tokens."""


@dataclass(frozen=True)
class PrefixCache:
    """Rows that were read, with their keys and values; all end in the last column.

    Attributes:
        lengths: Tokens of each row.
        cache: Keys and values of every layer, [B, heads, longest, width of a head].
        _buffers: Memory for rows that continue these and are not continued themselves.
    """

    lengths: Sequence[int]
    cache: DynamicCache
    _buffers: BufferPool = field(default_factory=BufferPool)

    def prefixes(self, rows: Sequence[int], lengths: Sequence[int], *, keep: bool) -> DynamicCache:
        """Keys and values of the first tokens of some rows, aligned to end in one column.

        Args:
            rows: Index of the old row, for each new one; repeats are allowed.
            lengths: Number of its first tokens to take; at least one of them above 0.
            keep: Whether they are still used when this is called again.
        """
        gaps = [self.lengths[row] - length for row, length in zip(rows, lengths, strict=True)]
        chosen = PrefixColumns(rows, gaps, max(lengths))
        buffers = BufferPool() if keep else self._buffers
        cache = DynamicCache()
        for index, layer in enumerate(self.cache.layers):
            # A layer that uses another one's keys and values has none.
            if isinstance(layer, DynamicLayer) and layer.is_initialized:
                keys, values = cast(torch.Tensor, layer.keys), cast(torch.Tensor, layer.values)
                place = 2 * index, 2 * index + 1
                cache.layers.append(ContinuedLayer(keys, values, chosen, buffers, place))
            else:
                cache.layers.append(DynamicLayer())
        return cache


class RowReader:
    """Reads rows, each as a continuation of one that was read before.

    Rows of unequal length are not padded between the cached tokens and the new ones: the shorter
    ones read some cached tokens again. So no padding stands between two tokens of a row, and
    distances are right for every kind of position embedding.

    Args:
        forward: The model.
        device: Device of the model.
        pad: Any token.
    """

    def __init__(self, forward: ForwardPass, device: torch.device, pad: int) -> None:
        self._forward = forward
        self._device = device
        self._pad = pad
        self._continues: bool | None = None

    @property
    def continues(self) -> bool:
        """True if rows can be continued: not if the model keeps a running state."""
        if self._continues is None:
            token = torch.ones((1, 1), dtype=torch.long, device=self._device)
            _, cache = self._forward(token, token, 1, keep_cache=True)
            self._continues = isinstance(cache, DynamicCache) and all(
                type(layer) in _PLAIN for layer in cache.layers
            )
        return self._continues

    def read(
        self,
        rows: Sequence[Tokens],
        known: Sequence[int],
        above: PrefixCache | None,
        which: Sequence[int],
        *,
        keep: int,
        go_on: bool,
    ) -> tuple[torch.Tensor, PrefixCache | None]:
        """Logits of the last columns, and the rows as read.

        Args:
            rows: Token ids from the very beginning.
            known: Number of tokens of each that were read before.
            above: The rows that were read before, if any.
            which: Index in `above` of the row that each row continues.
            keep: Number of last columns to return logits for.
            go_on: Whether the rows will be continued.

        Returns:
            Logits [B, keep, V], and the rows if they will be continued.
        """
        fresh = max(len(row) - read for row, read in zip(rows, known, strict=True))
        lengths = [max(0, len(row) - fresh) for row in rows]
        cached = max(lengths)
        cache = DynamicCache() if go_on else None
        if above is not None and cached:
            cache = above.prefixes(which, lengths, keep=go_on)
        ids = [[self._pad] * (fresh - len(row)) + row[-fresh:] for row in rows]
        total = torch.tensor([[len(row)] for row in rows], device=self._device)
        columns = torch.arange(cached + fresh, 0, -1, device=self._device)
        logits, after = self._forward(
            torch.tensor(ids, device=self._device),
            (columns <= total).long(),
            keep,
            cache,
            keep_cache=cache is not None,
        )
        return logits, PrefixCache([len(row) for row in rows], after) if go_on else None
