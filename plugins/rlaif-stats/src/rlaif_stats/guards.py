"""Guards of a judge that is trained on its own verdicts: what tells that it is collapsing.

A policy that judges itself can drift to where every response gets the top score, the first one
shown always wins, or length alone counts (Wu et al. 2407.19594 saw all three). Each function
measures one such thing on a round; `at_least` and `at_most` hold the measure against a limit.
The limits are the recipe's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rlaif_stats.outcomes import sides
from rlaif_stats.position import first_position_rate
from rlaif_stats.ranking import kendall_tau


@dataclass(frozen=True, slots=True)
class Guard:
    """A measure held against its limit.

    Attributes:
        name: What was measured.
        value: The measure; NaN if there was nothing to measure.
        limit: What it must not fall below, or rise above.
        tripped: Whether it did. What could not be measured trips nothing.
        reason: One line that says how; empty unless it tripped.
    """

    name: str
    value: float
    limit: float
    tripped: bool
    reason: str


def at_least(name: str, value: float, limit: float) -> Guard:
    """A guard with a floor."""
    tripped = value < limit
    return Guard(name, value, limit, tripped, _reason(name, value, "below", limit, tripped))


def at_most(name: str, value: float, limit: float) -> Guard:
    """A guard with a ceiling."""
    tripped = value > limit
    return Guard(name, value, limit, tripped, _reason(name, value, "above", limit, tripped))


def score_entropy(scores: ArrayLike, width: float = 1.0) -> float:
    """Entropy of the histogram of a judge's scores.

    A judge that gives everything the same score tells nothing apart: its entropy is 0.

    Args:
        scores: shape (n,), any numbers; NaN for an abstention, which is left out.
        width: of the histogram's bins, above 0: one point of the judge's scale. Bins are centred
            on its multiples.

    Returns:
        In nats, 0 to log(bins); NaN if there is no score.

    Raises:
        ValueError: if the width is not positive.
    """
    if not width > 0.0:
        raise ValueError(f"width must be above 0, got {width}")
    told = np.asarray(scores, dtype=np.float64).ravel()
    told = told[~np.isnan(told)]
    if told.size == 0:
        return math.nan
    _, counts = np.unique(np.round(told / width), return_counts=True)
    shares = counts / told.size
    return float(-(shares * np.log(shares)).sum()) + 0.0  # no negative zero


def favoured_place(ab: ArrayLike, ba: ArrayLike) -> float:
    """Share of the wins that go to whichever place wins more.

    Args:
        ab: shape (pairs,), outcomes with A shown first, see `stats.outcomes`.
        ba: shape (pairs,), outcomes with B shown first, mapped back to A.

    Returns:
        In [0.5, 1]: 0.5 without a lean, 1 if one place always wins; NaN without any verdict.

    Raises:
        ValueError: if shapes differ or an outcome is out of range.
    """
    if np.isnan(sides(ab)).all() and np.isnan(sides(ba)).all():
        return math.nan
    rate = first_position_rate(ab, ba).value
    return max(rate, 1.0 - rate)


def length_ratio(now: ArrayLike, before: ArrayLike) -> float:
    """Mean length of this round's chosen responses over that of an earlier round's.

    Args:
        now: shape (n,), lengths, in characters or tokens.
        before: shape (m,), lengths in the same unit.

    Returns:
        Above 1 where responses grow; NaN if either is empty or the earlier mean is 0.
    """
    lengths, earlier = np.asarray(now, dtype=np.float64), np.asarray(before, dtype=np.float64)
    if lengths.size == 0 or earlier.size == 0 or earlier.mean() == 0.0:
        return math.nan
    return float(lengths.mean() / earlier.mean())


def rank_agreement(now: Sequence[ArrayLike], before: Sequence[ArrayLike]) -> float:
    """Agreement of two rounds' judges in ranking responses (CREAM, Wang et al. 2410.12735).

    `C = (tau + 1) / 2` with Kendall's tau of each prompt's two ratings, averaged over prompts. C
    is also CREAM's soft label: with it `C * loss(w, l) + (1 - C) * loss(l, w)` is minimised.

    Args:
        now: for each prompt, shape (responses,), this round's ratings.
        before: for each prompt, the earlier round's ratings of the same responses.

    Returns:
        In [0, 1]: 1 the same order, 0.5 no relation, 0 reversed. Prompts on which either judge
        rates all alike are left out; NaN if none remains.

    Raises:
        ValueError: if the numbers of prompts differ, or those of a prompt's responses.
    """
    taus = []
    for mine, theirs in zip(now, before, strict=True):
        one, other = np.asarray(mine, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
        if one.shape != other.shape or one.ndim != 1:
            raise ValueError(f"need two ratings a response, got {one.shape} and {other.shape}")
        if one.size > 1 and np.ptp(one) > 0.0 and np.ptp(other) > 0.0:
            taus.append(kendall_tau(one, other))
    return (float(np.mean(taus)) + 1.0) / 2.0 if taus else math.nan


def anchor_accuracy(outcomes: ArrayLike, labels: ArrayLike) -> float:
    """Share of a frozen set of labelled pairs that a judge decides rightly.

    Args:
        outcomes: shape (pairs,), the probability that A is better; NaN for an abstention, which
            is not right.
        labels: shape (pairs,), 1 where A is better, 0 where B is, 0.5 for a tie.

    Returns:
        In [0, 1]; NaN if there are no pairs.

    Raises:
        ValueError: if shapes differ or a value is out of range.
    """
    said, true = sides(outcomes), sides(labels)
    if said.shape != true.shape:
        raise ValueError(f"need one label a pair, got {said.shape} and {true.shape}")
    return float(np.mean(said == true)) if said.size else math.nan


def _reason(name: str, value: float, side: str, limit: float, tripped: bool) -> str:
    return f"{name} is {value:.3g}, {side} its limit of {limit:g}" if tripped else ""
