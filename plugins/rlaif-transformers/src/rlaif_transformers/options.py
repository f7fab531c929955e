"""Log-probabilities of whole strings as continuations of a prompt, in one or two passes.

The first pass reads what all options of a request have in common, tokens of theirs included; its
last position gives every option's next token. One option, or several that then differ in one
token each, are done. Options that go on are read in a second pass, each on a copy of the keys
and values of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import cast

import torch
from transformers import DynamicCache

from rlaif_transformers.chat_format import Encoded, Tokens
from rlaif_transformers.forward import ForwardPass, chosen_log_probabilities
from rlaif_transformers.loading import Loaded
from rlaif_transformers.padding import left_padded, right_padded


@dataclass(frozen=True)
class Scoring:
    """The options of one request.

    Attributes:
        head: The tokens that every option is conditioned on: those of the prompt, or fewer,
            where the tokenizer writes the end of the prompt and the beginning of an option as
            one token. All options are scored from there, so they stay disjoint events.
        tails: The tokens of each option after `head`.
    """

    head: Tokens
    tails: tuple[Tokens, ...]
    shared: int = field(init=False)
    """How many tokens at the start of all tails are the same, leaving each at least one."""

    def __post_init__(self) -> None:
        scored = [tail for tail in self.tails if tail]
        longest = min((len(tail) for tail in scored), default=1) - 1
        object.__setattr__(self, "shared", min(common_prefix(scored), longest))

    @classmethod
    def of(cls, encoded: Encoded, end_of_turn: int | None) -> Scoring:
        """What to score of an encoded request; `end_of_turn` closes each option if given."""
        head = common_prefix([encoded.prompt, *encoded.options])
        ending = [] if end_of_turn is None else [end_of_turn]
        tails = tuple(option[head:] + ending for option in encoded.options)
        return cls(encoded.prompt[:head], tails)

    @property
    def trunk(self) -> Tokens:
        """What the first pass reads."""
        first = next((tail for tail in self.tails if tail), [])
        return self.head + first[: self.shared]

    @property
    def branches(self) -> list[int]:
        """Indices of the options that the second pass reads."""
        return [index for index, tail in enumerate(self.tails) if len(tail) > self.shared + 1]

    @property
    def rows(self) -> int:
        """Rows of the larger pass."""
        return max(1, len(self.branches))

    @property
    def width(self) -> int:
        """Tokens of the longest row."""
        return len(self.head) + max(map(len, self.tails), default=0)

    @property
    def kept(self) -> int:
        """Positions of the longest row whose logits are needed."""
        return max(map(len, self.tails), default=0)


def common_prefix(several: Sequence[Tokens]) -> int:
    """How many tokens at the start of all sequences are the same."""
    agreeing = takewhile(lambda column: len(set(column)) == 1, zip(*several, strict=False))
    return sum(1 for _ in agreeing)


class OptionScorer:
    """Scores options.

    Args:
        loaded: The checkpoint.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._forward = ForwardPass(loaded.model)
        self._pad = loaded.tokenizer.pad_token_id
        self._device = loaded.model.device

    def score(self, jobs: Sequence[Scoring]) -> list[tuple[float, ...]]:
        """Natural-log probability of each option of each job; an empty tail has 0."""
        totals = [[0.0] * len(job.tails) for job in jobs]
        branches = [(row, index) for row, job in enumerate(jobs) for index in job.branches]
        ids, mask = left_padded([job.trunk for job in jobs], self._pad, self._device)
        keep = max(job.shared for job in jobs) + 1
        logits, cache = self._forward(ids, mask, keep, keep_cache=bool(branches))
        _add(totals, logits, _first_tokens(jobs, keep))
        if branches and isinstance(cache, DynamicCache):
            parents = torch.tensor([row for row, _ in branches], device=self._device)
            # Selects and repeats rows, in every kind of layer.
            cache.reorder_cache(cast(torch.LongTensor, parents))
            rests = [jobs[row].tails[index][jobs[row].shared :] for row, index in branches]
            ids, more = right_padded([rest[:-1] for rest in rests], self._pad, self._device)
            mask = torch.cat([mask[parents], more], dim=1)
            logits, _ = self._forward(ids, mask, ids.shape[1], cache, keep_cache=True)
            _add(totals, logits, _later_tokens(branches, rests))
        elif branches:  # a state that cannot be copied row by row: read these options whole
            whole = [Scoring(jobs[row].head, (jobs[row].tails[index],)) for row, index in branches]
            for (row, index), (value,) in zip(branches, self.score(whole), strict=True):
                totals[row][index] = value
        return [tuple(total) for total in totals]


_Wanted = Iterator[tuple[int, int, int, int, int]]
"""(row, column, token) in a pass, and the (job, option) that its probability belongs to."""


def _first_tokens(jobs: Sequence[Scoring], keep: int) -> _Wanted:
    for row, job in enumerate(jobs):
        first_column = keep - 1 - job.shared
        for option, tail in enumerate(job.tails):
            for step, token in enumerate(tail[: job.shared + 1]):
                yield row, first_column + step, token, row, option


def _later_tokens(branches: Sequence[tuple[int, int]], rests: Sequence[Tokens]) -> _Wanted:
    for row, ((job, option), rest) in enumerate(zip(branches, rests, strict=True)):
        for step, token in enumerate(rest[1:]):
            yield row, step, token, job, option


def _add(totals: list[list[float]], logits: torch.Tensor, wanted: _Wanted) -> None:
    several = list(wanted)
    values = chosen_log_probabilities(logits, [one[:3] for one in several])
    for (*_, job, option), value in zip(several, values, strict=True):
        totals[job][option] += value
