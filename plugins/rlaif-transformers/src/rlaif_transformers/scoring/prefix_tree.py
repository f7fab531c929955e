"""Radix tree of token sequences, so that each shared prefix is read once.

Branchings that would save too little to be worth a pass of their own are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from rlaif_kit.chat_format import Tokens, common_prefix

_WORTH_READING_ONCE: Final = 24
"""Tokens that a branching must save: another pass costs about as much on a small model."""


@dataclass
class Node:
    """A stretch of tokens that one or more sequences share, up to where they diverge.

    Attributes:
        tokens: Token ids from the very beginning to this node's end.
        start: Number of them that the nodes above hold.
        parent: Index of the node above; None at the top.
        below: Indices of the nodes that continue it.
    """

    tokens: Tokens
    start: int
    parent: int | None
    below: list[int] = field(default_factory=list)

    @property
    def own(self) -> int:
        """Number of tokens that the node adds."""
        return len(self.tokens) - self.start


class PrefixTree:
    """Tree of sequences, each node of which is read once, after its parent.

    Args:
        sequences: Sequences of at least one token; equal ones share a node.
        least: Tokens that must be saved by reading a shared stretch apart.

    Attributes:
        nodes: All nodes, each after its parent.
        top: Indices of the nodes without a parent.
        home: Index of the node that each sequence ends with.
    """

    def __init__(self, sequences: Sequence[Tokens], least: float = _WORTH_READING_ONCE) -> None:
        order = sorted(range(len(sequences)), key=lambda index: sequences[index])
        alike = [list(same) for _, same in groupby(order, key=lambda index: sequences[index])]
        self.nodes: list[Node] = []
        self.top: list[int] = []
        self.home = [0] * len(sequences)
        distinct = [sequences[same[0]] for same in alike]
        for index, node in self._grow(distinct, least):
            for sequence in alike[index]:
                self.home[sequence] = node

    def _grow(self, ordered: Sequence[Tokens], least: float) -> Iterator[tuple[int, int]]:
        """Make the nodes; yields each sequence's index with that of its node."""
        waiting: list[tuple[int, int, int, int | None]] = []
        if ordered:
            waiting.append((0, len(ordered), 0, None))
        while waiting:
            low, high, start, parent = waiting.pop()
            first = ordered[low]
            if high - low == 1:
                yield low, self._add(first, start, parent)
                continue
            shared = common_prefix((first, ordered[high - 1]))
            parts = list(_parts(ordered, low, high, shared))
            if (len(parts) - 1) * (shared - start) >= least:
                start, parent = shared, self._add(first[:shared], start, parent)
                if len(first) == shared:
                    yield low, parent
                    parts = parts[1:]
            waiting += [(*part, start, parent) for part in parts]

    def _add(self, tokens: Tokens, start: int, parent: int | None) -> int:
        node = len(self.nodes)
        self.nodes.append(Node(tokens, start, parent))
        (self.top if parent is None else self.nodes[parent].below).append(node)
        return node

    def path(self, sequence: int) -> Iterator[int]:
        """Indices of the nodes on a sequence's path, the last one first."""
        node: int | None = self.home[sequence]
        while node is not None:
            yield node
            node = self.nodes[node].parent


def _parts(
    ordered: Sequence[Tokens], low: int, high: int, shared: int
) -> Iterator[tuple[int, int]]:
    """Ranges of sequences that have the same token after the shared ones."""
    start = low
    for index in range(low + 1, high):
        before, here = ordered[index - 1][shared : shared + 1], ordered[index][shared]
        if before != [here]:
            yield start, index
            start = index
    yield start, high
