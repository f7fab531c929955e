"""Consistency on near-duplicate prompts with the same two responses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api import Metric, Missing
from rlaif_core.runs import Run
from rlaif_judge_metrics.catalogue import metric
from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.intervals import win_rate
from rlaif_stats.outcomes import sides

ALIKE = 0.8
"""Jaccard similarity of character 5-grams from which prompts are near-duplicates (as for training
data in Lee et al. 2107.06499, there of whole documents)."""

GRAM = 5
NEIGHBOURS = 3
"""Following prompts, sorted by their text, that each one is compared with (sorted
neighbourhood, Hernández & Stolfo 1995): time grows with the prompts, not with their square."""

NONE = (
    "no two prompts say nearly the same and have the same two responses: add reworded copies of "
    "some pairs to measure it"
)


def near_duplicates(run: Run, table: VoteTable) -> Metric | Missing:
    """Share of near-duplicate pairs with labels on the same side.

    The responses must be the same but for case and white space. Prompts that are equal are the
    same question, which the ledger answers, and prompts that differ in a number ask for something
    else.
    """
    groups = _same_responses(table)
    wanted = {table.prompts[table.prompt[pair]] for group in groups for pair in group}
    texts = _texts(run, "train" if table.split == "train" else "heldout", wanted)
    same, clusters = [], []
    for first, second in _alike(table, groups, texts):
        same.append(float(_side(table, first) == _side(table, second)))
        clusters.append(table.prompt[first])
    if not same:
        return Missing("near_duplicate_consistency", NONE)
    return metric("near_duplicate_consistency", win_rate(same, clusters))


def _same_responses(table: VoteTable) -> list[NDArray[np.int64]]:
    """Decided pairs of several prompts, grouped by their two responses."""
    known = np.flatnonzero(
        ~np.isnan(table.label) & (table.text_a != 0) & (table.text_a != table.text_b)
    )
    low = np.minimum(table.text_a, table.text_b)[known]
    high = np.maximum(table.text_a, table.text_b)[known]
    order = np.lexsort((high, low))
    changes = np.flatnonzero((np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)) + 1
    groups = np.split(known[order], changes)
    return [pairs for pairs in groups if pairs.size > 1 and np.unique(table.prompt[pairs]).size > 1]


def _texts(run: Run, split: str, wanted: set[str]) -> dict[str, str]:
    if not wanted:
        return {}
    return {prompt.id: prompt.text for prompt in run.prompts(split, ids=wanted)}


def _alike(
    table: VoteTable, groups: list[NDArray[np.int64]], texts: dict[str, str]
) -> Iterator[tuple[int, int]]:
    for group in groups:
        raws = [(texts[table.prompts[table.prompt[pair]]], int(pair)) for pair in group]
        by_text = sorted((normal(raw), raw, pair) for raw, pair in raws)
        for place, (ours, raw, pair) in enumerate(by_text):
            for theirs, other_raw, other in by_text[place + 1 : place + 1 + NEIGHBOURS]:
                if raw != other_raw and similar(ours, theirs):
                    yield pair, other


def normal(text: str) -> str:
    """A text without case, punctuation and the length of its spaces."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def similar(text: str, other: str) -> bool:
    """True if two normal texts are near-duplicates."""
    if re.findall(r"\d+", text) != re.findall(r"\d+", other):
        return False
    ours, theirs = _grams(text), _grams(other)
    return len(ours & theirs) >= ALIKE * len(ours | theirs)


def _grams(text: str) -> set[str]:
    return {text[place : place + GRAM] for place in range(max(1, len(text) - GRAM + 1))}


def _side(table: VoteTable, pair: int) -> float:
    """The side of the response whose text has the lower hash."""
    label = table.label[pair]
    return float(sides(label if table.text_a[pair] < table.text_b[pair] else 1.0 - label))
