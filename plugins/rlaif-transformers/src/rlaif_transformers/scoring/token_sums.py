"""Log-probabilities of sequences, summed over the nodes of a prefix tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch

from rlaif_kit.chat_format import Tokens
from rlaif_transformers.scoring.forward import chosen_log_probabilities
from rlaif_transformers.scoring.prefix_tree import PrefixTree


class TokenSums:
    """Log-probabilities of sequences, summed up while the nodes on their paths are read.

    Args:
        tree: Tree of the sequences without their last tokens, which are never read.
        sequences: Number of tokens that each is conditioned on, and all its tokens.
    """

    def __init__(self, tree: PrefixTree, sequences: Sequence[tuple[int, Tokens]]) -> None:
        # By node: (columns before its last one, predicted token, sequence).
        self._of: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._sums = [0.0] * len(sequences)
        self._missing = [len(tokens) - given for given, tokens in sequences]
        for sequence, (given, tokens) in enumerate(sequences):
            for index in tree.path(sequence):
                node = tree.nodes[index]
                end = len(node.tokens)
                for place in range(max(given, node.start + 1), end + 1):
                    self._of[index].append((end - place, tokens[place], sequence))

    def columns(self, node: int) -> int:
        """Number of last columns of a node whose logits are needed; at least 1."""
        return 1 + max((back for back, _, _ in self._of[node]), default=0)

    def add(self, nodes: Sequence[int], logits: torch.Tensor) -> None:
        """Add the log-probabilities of nodes, from the logits [B, columns, V] of their ends."""
        several = [
            (row, logits.shape[1] - 1 - back, token, sequence)
            for row, node in enumerate(nodes)
            for back, token, sequence in self._of[node]
        ]
        values = chosen_log_probabilities(logits, [entry[:3] for entry in several])
        for (*_, sequence), value in zip(several, values, strict=True):
            self._sums[sequence] += value
            self._missing[sequence] -= 1

    def sums(self) -> list[float | None]:
        """Natural-log probability of each sequence; None if it was not read to its end."""
        return [
            None if missing else value
            for value, missing in zip(self._sums, self._missing, strict=True)
        ]
