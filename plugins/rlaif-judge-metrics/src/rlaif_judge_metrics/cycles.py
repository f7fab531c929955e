"""Intransitive preferences: their share, and a test against noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api import Metric, Missing
from rlaif_judge_metrics.catalogue import Findings, metric
from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.cycles import count_cycles, intransitivity_test
from rlaif_stats.intervals import win_rate
from rlaif_stats.outcomes import sides

MOST = 2_000
"""Prompts looked at, evenly spread over all: time stays the same however many there are."""

NO_TRIPLES = "no prompt has three responses that were all compared: the pairing `all` does that"
UNDECIDED = "every three responses that were all compared have a tie or an abstention among them"
ASKED_ONCE = "no two prompts have three responses all compared at least twice: ask more votes"
UNDECIDED_TWICE = (
    "ties and abstentions left no two prompts with three responses all compared at least twice"
)


def cycles(table: VoteTable) -> Findings:
    """The share of cyclic triples by label, and the test of repeated votes."""
    starts, ends = _spans(table.prompt, len(table.prompts))
    eligible = np.flatnonzero(ends - starts >= 3)
    chosen = eligible[np.linspace(0, eligible.size - 1, min(MOST, eligible.size)).astype(int)]
    side = sides(table.p_a)
    won, lost = (
        np.bincount(table.pair[side == value], minlength=table.prompt.size).astype(np.float64)
        for value in (1.0, -1.0)
    )
    asked = np.bincount(table.pair, minlength=table.prompt.size)
    cyclic, triples, prompts, tournaments = [], [], [], []
    compared = repeated = 0
    for prompt in chosen:
        pairs = slice(starts[prompt], ends[prompt])
        a, b, label = table.a[pairs], table.b[pairs], table.label[pairs]
        decided = np.nan_to_num(label, nan=0.5)
        count = count_cycles(_wins(a, b, decided, 1.0 - decided))
        if count.triads:
            cyclic.append(count.cycles)
            triples.append(count.triads)
            prompts.append(prompt)
        tournaments.append(_wins(a, b, won[pairs], lost[pairs]))
        compared += _has_triple(a, b)
        twice = asked[pairs] > 1
        repeated += _has_triple(a[twice], b[twice])
    why = UNDECIDED if compared else NO_TRIPLES
    why_no_test = UNDECIDED_TWICE if repeated > 1 else ASKED_ONCE if compared else NO_TRIPLES
    return {
        "cycle_rate": (_rate(cyclic, triples, prompts) if triples else Missing("cycle_rate", why)),
        "circularity": _test(tournaments, why_no_test),
    }


def _has_triple(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    """True if three responses were all compared, with whatever outcome."""
    if a.size < 3:
        return False
    once = np.ones(a.size)
    return count_cycles(_wins(np.minimum(a, b), np.maximum(a, b), once, 0.0 * once)).triads > 0


def _rate(cyclic: list[int], triples: list[int], prompts: list[int]) -> Metric | Missing:
    found, total = np.array(cyclic), np.array(triples)
    times = np.stack([found, total - found], axis=1).ravel()
    outcome = np.repeat(np.tile([1.0, 0.0], found.size), times)
    return metric("cycle_rate", win_rate(outcome, np.repeat(prompts, total)))


def _test(tournaments: list[NDArray[np.float64]], why_not: str) -> Metric | Missing:
    try:
        test = intransitivity_test(tournaments)
    except ValueError:
        return Missing("circularity", why_not)
    return metric("circularity", test.circularity, {"p_value": test.p_value})


def _spans(prompt: NDArray[np.int64], prompts: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of each prompt's pairs."""
    places = np.arange(prompts)
    return np.searchsorted(prompt, places), np.searchsorted(prompt, places, side="right")


def _wins(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    for_a: NDArray[np.float64],
    for_b: NDArray[np.float64],
) -> NDArray[np.float64]:
    players = int(max(a.max(), b.max())) + 1
    wins = np.zeros((players, players))
    # A pair that was proposed both ways round counts twice.
    np.add.at(wins, (a, b), for_a)
    np.add.at(wins, (b, a), for_b)
    return wins
