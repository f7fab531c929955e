"""Whether prompts that say nearly the same get the same verdict on the same two responses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlaif_core.store.ledger import Reader
from rlaif_judge_metrics.estimate import Measured, NotMeasured
from rlaif_judge_metrics.vote_table import Ballots
from rlaif_stats.intervals import win_rate
from rlaif_stats.outcomes import sides

ALIKE = 0.8
"""Jaccard similarity of character 5-grams from which prompts are near-duplicates (as for training
data in Lee et al. 2107.06499, there of whole documents)."""

GRAM = 5
NEIGHBOURS = 3
"""With how many of the next prompts, sorted by their text, each one is compared (sorted
neighbourhood, Hernández & Stolfo 1995): time grows with the prompts, not with their square."""

NONE = (
    "no two prompts say nearly the same and have the same two responses: add reworded copies of "
    "some pairs to measure it"
)


def near_duplicates(ledger: Reader, ballots: Ballots) -> Measured | NotMeasured:
    """Share of near-duplicate pairs with labels on the same side.

    The responses must be the same but for case and white space. Prompts that are equal are the
    same question, which the ledger answers, and prompts that differ in a number ask for something
    else.
    """
    groups = _same_responses(ballots)
    wanted = {ballots.prompts[ballots.prompt[pair]] for group in groups for pair in group}
    texts = _texts(ledger, "train" if ballots.split == "train" else "heldout", wanted)
    same, clusters = [], []
    for one, other in _alike(ballots, groups, texts):
        first, second = (_side(ballots, pair) for pair in (one, other))
        same.append(float(first == second))
        clusters.append(ballots.prompt[one])
    return Measured(win_rate(same, clusters)) if same else NotMeasured(NONE)


def _same_responses(ballots: Ballots) -> list[NDArray[np.int64]]:
    """Decided pairs of several prompts, grouped by their two responses."""
    known = np.flatnonzero(
        ~np.isnan(ballots.label) & (ballots.text_a != 0) & (ballots.text_a != ballots.text_b)
    )
    low = np.minimum(ballots.text_a, ballots.text_b)[known]
    high = np.maximum(ballots.text_a, ballots.text_b)[known]
    order = np.lexsort((high, low))
    changes = np.flatnonzero((np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)) + 1
    groups = np.split(known[order], changes)
    return [one for one in groups if one.size > 1 and np.unique(ballots.prompt[one]).size > 1]


def _texts(ledger: Reader, split: str, wanted: set[str]) -> dict[str, str]:
    if not wanted:
        return {}
    return {prompt.id: prompt.text for prompt in ledger.prompts_among(split, wanted)}


def _alike(
    ballots: Ballots, groups: list[NDArray[np.int64]], texts: dict[str, str]
) -> Iterator[tuple[int, int]]:
    for group in groups:
        raws = [(texts[ballots.prompts[ballots.prompt[pair]]], int(pair)) for pair in group]
        told = sorted((normal(raw), raw, pair) for raw, pair in raws)
        for place, (ours, raw, pair) in enumerate(told):
            for theirs, other_raw, other in told[place + 1 : place + 1 + NEIGHBOURS]:
                if raw != other_raw and similar(ours, theirs):
                    yield pair, other


def normal(text: str) -> str:
    """A text without case, punctuation and the length of its spaces."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def similar(one: str, other: str) -> bool:
    """Whether two normal texts are near-duplicates."""
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    ours, theirs = _grams(one), _grams(other)
    return len(ours & theirs) >= ALIKE * len(ours | theirs)


def _grams(text: str) -> set[str]:
    return {text[place : place + GRAM] for place in range(max(1, len(text) - GRAM + 1))}


def _side(ballots: Ballots, pair: int) -> float:
    """The side of the response whose text has the lower hash."""
    label = ballots.label[pair]
    return float(sides(label if ballots.text_a[pair] < ballots.text_b[pair] else 1.0 - label))
