"""Log-probabilities of whole strings as continuations of prompts, each token read once.

Every option of every request is a sequence: the tokens it is conditioned on, and its own but for
the last one, which is only predicted. Judges' questions share long prefixes (one comparison by
every principle of a constitution, one prompt in both orders, the same instructions everywhere), so
the sequences are read as a tree: a shared prefix in one pass, the continuations in the next, on
copies of its keys and values.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import torch

from rlaif_kit.chat_format import Encoded, Tokens
from rlaif_transformers.batching import batches
from rlaif_transformers.loading import Loaded
from rlaif_transformers.scoring.forward import ForwardPass
from rlaif_transformers.scoring.prefix_cache import PrefixCache, RowReader
from rlaif_transformers.scoring.prefix_tree import PrefixTree
from rlaif_transformers.scoring.token_sums import TokenSums

_LOGITS_KEPT: Final = 1 << 27
"""Logits that one pass may return: half a gigabyte in float32."""


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

    @classmethod
    def of(cls, encoded: Encoded, end_of_turn: int | None) -> Scoring:
        """The options of an encoded request; `end_of_turn` closes each one if given."""
        return cls(*encoded.tails(end_of_turn))

    @property
    def width(self) -> int:
        """Tokens of the longest option, those it is conditioned on included."""
        return len(self.head) + max(map(len, self.tails), default=0)


class OptionScorer:
    """Scores options.

    Args:
        loaded: The checkpoint.
        max_batch_tokens: Tokens in one pass, cached tokens and padding included.
    """

    def __init__(self, loaded: Loaded, max_batch_tokens: int) -> None:
        device, pad = loaded.model.device, loaded.tokenizer.pad_token_id
        self._reader = RowReader(ForwardPass(loaded.model), device, pad)
        self._max_batch_tokens = max_batch_tokens
        self._vocabulary: int = loaded.model.config.get_text_config().vocab_size

    def score(
        self, jobs: Sequence[Scoring], halt: threading.Event
    ) -> list[tuple[float, ...] | None]:
        """Natural-log probability of each option of each job; an empty tail has 0.

        Args:
            jobs: The options to score.
            halt: Once set, no further pass is started.

        Returns:
            One tuple per job; None where memory did not suffice, or `halt` came first.
        """
        sequences = [(len(job.head), job.head + tail) for job in jobs for tail in job.tails if tail]
        read = [tokens[:-1] for _, tokens in sequences]
        shared = len(read) > 1 and self._reader.continues
        tree = PrefixTree(read) if shared else PrefixTree(read, least=inf)
        token_sums = TokenSums(tree, sequences)
        self._descend(tree, token_sums, tree.top, {}, None, halt)
        sums = iter(token_sums.sums())
        several = [[next(sums) if tail else 0.0 for tail in job.tails] for job in jobs]
        return [_complete(values) for values in several]

    def _descend(
        self,
        tree: PrefixTree,
        token_sums: TokenSums,
        nodes: Sequence[int],
        above: Mapping[int, int],
        read: PrefixCache | None,
        halt: threading.Event,
    ) -> None:
        """Read `nodes`, then all nodes below them.

        Args:
            tree: The tree.
            token_sums: Takes the log-probabilities.
            nodes: Indices of the nodes to read.
            above: Row in `read` of each of their parents.
            read: The parents' rows; None at the top.
            halt: Once set, no further pass is started.
        """

        def share(node: int) -> float:
            logits = token_sums.columns(node) * self._vocabulary
            tokens = len(tree.nodes[node].tokens)
            return max(tokens / self._max_batch_tokens, logits / _LOGITS_KEPT)

        for inner in (False, True):
            alike = [node for node in nodes if bool(tree.nodes[node].below) is inner]
            for batch in batches(alike, lambda node: tree.nodes[node].own, share):
                if halt.is_set():
                    return
                members = [tree.nodes[node] for node in batch]
                try:
                    logits, rows = self._reader.read(
                        [node.tokens for node in members],
                        [node.start for node in members],
                        read,
                        [above[node.parent] for node in members if node.parent is not None],
                        keep=max(map(token_sums.columns, batch)),
                        go_on=inner,
                    )
                except torch.OutOfMemoryError:
                    continue  # the sums of these nodes stay incomplete
                token_sums.add(batch, logits)
                del logits  # the nodes below need the memory
                below = [child for node in members for child in node.below]
                places = {node: row for row, node in enumerate(batch)}
                self._descend(tree, token_sums, below, places, rows, halt)


def _complete(values: Sequence[float | None]) -> tuple[float, ...] | None:
    known = tuple(value for value in values if value is not None)
    return known if len(known) == len(values) else None
