"""Which tokens' probabilities are wanted of which node of a tree, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch

from rlaif_core.kit.chat_format import Tokens
from rlaif_transformers.scoring.forward import chosen_log_probabilities
from rlaif_transformers.scoring.prefix_tree import PrefixTree


class Wanted:
    """Log-probabilities of sequences, summed up as the nodes that they go through are read.

    Args:
        tree: Of sequences without their last tokens, which are predicted and never read.
        sequences: All of each: how many tokens it is conditioned on, and the tokens.
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
        """How many last columns of a node hold all that is wanted of it; 1 if nothing is."""
        return 1 + max((back for back, _, _ in self._of[node]), default=0)

    def take(self, nodes: Sequence[int], logits: torch.Tensor) -> None:
        """Add what the last columns of some nodes say, [B, columns, V]."""
        several = [
            (row, logits.shape[1] - 1 - back, token, sequence)
            for row, node in enumerate(nodes)
            for back, token, sequence in self._of[node]
        ]
        values = chosen_log_probabilities(logits, [one[:3] for one in several])
        for (*_, sequence), value in zip(several, values, strict=True):
            self._sums[sequence] += value
            self._missing[sequence] -= 1

    def sums(self) -> list[float | None]:
        """Natural-log probability of each sequence; None if not all of it was read."""
        return [
            None if missing else value
            for value, missing in zip(self._sums, self._missing, strict=True)
        ]
