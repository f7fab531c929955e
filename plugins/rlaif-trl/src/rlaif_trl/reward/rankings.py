"""Rankings formed by the pairs of a prompt.

A round's preferences are pairs. If the pairs of a prompt chain (pairing `adjacent`, `all` or
`merge-sort`), they are one ranking of all its responses. Pairs are added one after another, the
surest first, and one that would close a cycle is left out (ranked pairs, Tideman 1987). A set of
responses that is then completely ordered is a ranking; otherwise each pair is a ranking of two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rlaif_trl.preferences.pairs import LabelledPair

Edges = Mapping[tuple[str, str], int]
"""(better, worse) to the index of the pair."""


@dataclass(frozen=True)
class Chain:
    """A ranking of K responses.

    Attributes:
        steps: Indices of the K - 1 pairs between neighbours, from the best response on; each
            pair's better response is the worse one of the pair before.
    """

    steps: tuple[int, ...]


@dataclass(frozen=True)
class Chains:
    """The rankings that pairs form.

    Attributes:
        chains: The rankings.
        inconsistent: Indices of pairs that contradict surer ones, and are in no ranking.
    """

    chains: list[Chain]
    inconsistent: list[int]


def better_and_worse(pair: LabelledPair) -> tuple[str, str]:
    """The two responses as the label orders them; a smoothed label may have swapped them."""
    if pair.p_chosen >= 0.5:
        return pair.chosen, pair.rejected
    return pair.rejected, pair.chosen


def chains(pairs: Sequence[LabelledPair]) -> Chains:
    """The rankings that pairs form, prompt by prompt, in the order of the prompts.

    A tie orders nothing: it is a ranking of two by itself. A pair between responses that are not
    neighbours in a ranking is implied by it.
    """
    by_prompt: dict[str, list[int]] = defaultdict(list)
    formed = Chains([], [])
    for index, pair in enumerate(pairs):
        if pair.decided:
            by_prompt[pair.prompt_id].append(index)
        else:
            formed.chains.append(Chain((index,)))
    for indices in by_prompt.values():
        edges = _locked(pairs, indices, formed.inconsistent)
        for part in _connected(edges):
            formed.chains.extend(_ranked(part))
    return formed


def _locked(
    pairs: Sequence[LabelledPair], indices: Iterable[int], inconsistent: list[int]
) -> dict[tuple[str, str], int]:
    edges: dict[tuple[str, str], int] = {}
    below: dict[str, set[str]] = defaultdict(set)
    for index in sorted(indices, key=lambda i: -abs(pairs[i].p_chosen - 0.5)):
        better, worse = better_and_worse(pairs[index])
        if better == worse or better in _reachable(below, worse):
            inconsistent.append(index)
        elif (better, worse) not in edges:
            edges[better, worse] = index
            below[better].add(worse)
    return edges


def _reachable(below: Mapping[str, Iterable[str]], start: str) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for response in below.get(waiting.pop(), ()):
            if response not in seen:
                seen.add(response)
                waiting.append(response)
    return seen


def _connected(edges: Edges) -> Iterator[dict[tuple[str, str], int]]:
    """The edges of each connected component."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for better, worse in edges:
        neighbours[better].add(worse)
        neighbours[worse].add(better)
    left = dict(edges)
    while left:
        part = _reachable(neighbours, next(iter(left))[0])
        yield {ends: left.pop(ends) for ends in list(left) if ends[0] in part}


def _ranked(edges: Edges) -> list[Chain]:
    """One ranking, if the edges leave no two responses unordered; otherwise each edge alone."""
    below: dict[str, set[str]] = defaultdict(set)
    for better, worse in edges:
        below[better].add(worse)
    responses = {response for ends in edges for response in ends}
    order = sorted(responses, key=lambda response: -len(_reachable(below, response)))
    steps = list(pairwise(order))
    if all(step in edges for step in steps):
        return [Chain(tuple(edges[step] for step in steps))]
    return [Chain((index,)) for index in edges.values()]
