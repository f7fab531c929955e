"""Stopping criteria of each row: the end of its turn, its stop strings, its limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import torch
from transformers import StoppingCriteria

# A stop string of n bytes is written in at most n tokens. Decoders may drop a leading space and
# cannot show half a character, so look at a few tokens more.
_MARGIN: Final = 8


@dataclass
class Row:
    """Limits of one row, and its end.

    Attributes:
        limit: Most new tokens.
        stop: Text that ends it.
        length: Number of its new tokens once it is done, an ending token included.
        reason: "stop" or "length", once it is done.
    """

    limit: int
    stop: tuple[str, ...] = ()
    length: int | None = None
    reason: str = ""


class RowsDone(StoppingCriteria):
    """Ends each row by its own criteria.

    Args:
        rows: One per row of the batch; filled in as they end.
        endings: Tokens that end a reply.
        start: Columns of the prompt.
        decode: Tokens to text.
        halt: Once set, every row is done.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        endings: frozenset[int],
        start: int,
        decode: Callable[[list[int]], str],
        halt: threading.Event,
    ) -> None:
        self._rows = rows
        self._endings = endings
        self._start = start
        self._decode = decode
        self._halt = halt
        longest = max((len(string.encode()) for row in rows for string in row.stop), default=0)
        self._window = longest + _MARGIN

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: object
    ) -> torch.BoolTensor:
        """Mask [B] of the rows that are done."""
        new = input_ids[:, self._start :]
        length = new.shape[1]
        recent = new[:, -self._window :].tolist()
        for index, row in enumerate(self._rows):
            if row.length is not None:
                continue
            ended = recent[index][-1] in self._endings
            if ended or (self._stops(row, recent[index]) and self._stops(row, new[index].tolist())):
                row.length, row.reason = length, "stop"
            elif length >= row.limit or self._halt.is_set():
                row.length, row.reason = length, "length"
        done = [row.length is not None for row in self._rows]
        return cast(torch.BoolTensor, torch.tensor(done, device=input_ids.device))

    def _stops(self, row: Row, tokens: list[int]) -> bool:
        # Checked on the last tokens at every step, and on the whole text, which is the one that is
        # cut, only if they match.
        return bool(row.stop) and first_stop(self._decode(tokens), row.stop) is not None


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Index at which the earliest stop string begins; None if the text has none."""
    starts = [at for string in stop if string and (at := text.find(string)) >= 0]
    return min(starts, default=None)
