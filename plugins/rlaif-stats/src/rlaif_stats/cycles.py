"""Intransitive preferences: A over B, B over C, C over A, and whether noise explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from rlaif_stats.intervals import Estimate, mean_estimate


@dataclass(frozen=True)
class CycleCount:
    """Cyclic triads of a tournament.

    Attributes:
        cycles: triads in which each beats one and loses to one.
        triads: triads in which all three comparisons were decided.
    """

    cycles: int
    triads: int

    @property
    def rate(self) -> float:
        """Share of cyclic triads: 0 if transitive, near 0.25 if coins decide; NaN of none."""
        return self.cycles / self.triads if self.triads else float("nan")


@dataclass(frozen=True)
class IntransitivityTest:
    """Cycles that repeated votes confirm, against those of a noisy transitive judge.

    Attributes:
        circularity: mean of `(q - q')^2` over triads, q and q' the chances that single votes
            close the triad's cycle one way and the other. 0 for any Bradley-Terry judge however
            noisy, 1 for a judge who always votes in a circle; `n` counts tournaments.
        p_value: one-sided, of so much circularity if there is none.
    """

    circularity: Estimate
    p_value: float


def count_cycles(wins: ArrayLike) -> CycleCount:
    """Counts cyclic triads.

    Noise alone makes cycles; `intransitivity_test` says whether there are more.

    Args:
        wins: shape (players, players); entry (i, j) is how much i won against j. The side with
            more wins has the comparison; equal wins or none leave it undecided.

    Returns:
        The count.

    Raises:
        ValueError: if the matrix is not square.
    """
    w = _as_wins(wins)
    beats = (w > w.T).astype(np.float64)
    # A directed triangle is a closed walk of length 3 from each of its corners; an undirected
    # one, in both directions too.
    return CycleCount(round(_closed_walks(beats) / 3), round(_closed_walks(beats + beats.T) / 6))


def intransitivity_test(
    tournaments: Sequence[ArrayLike], level: float = 0.95
) -> IntransitivityTest:
    """Tests whether preferences are circular beyond what noise on a ranking can be.

    Under Bradley-Terry the odds around a triad multiply to 1, so a cycle of single votes is as
    likely one way as the other (Kolmogorov's criterion), whatever the ratings. Cycles from noise
    thus have no preferred direction when the vote is repeated; real ones do. `(q - q')^2` is
    estimated without bias from pairs of distinct votes on each comparison, with nothing fitted
    or simulated, and its mean over tournaments is tested against 0 with a t test.

    Votes must be repeated: a comparison with fewer than two counts for nothing. Asking both
    orders once each will do; a position bias then only lowers the circularity. Noise that is not
    logistic, such as random flips of a sharp judge, also shows, if faintly: read the size of
    the circularity, not only the p-value.

    Args:
        tournaments: one matrix a prompt, shape (players, players); entry (i, j) counts the votes
            for i over j, ties left out.
        level: coverage of the circularity's interval, in (0, 1).

    Returns:
        The test.

    Raises:
        ValueError: if fewer than two tournaments have a triad with repeated votes throughout,
            or a count is not a whole number.
    """
    values = [value for value in map(_circularity, tournaments) if value is not None]
    if len(values) < 2:
        raise ValueError("need two tournaments with a triad whose comparisons have two votes each")
    circularity = mean_estimate(values, level=level)
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    if error > 0.0:
        p_value = float(stdtr(len(values) - 1, -circularity.value / error))
    else:
        p_value = 1.0 if circularity.value <= 0.0 else 0.0
    # Values all alike leave no spread for a t test; a sign test then still has this much to say.
    return IntransitivityTest(circularity, max(p_value, 0.5 ** len(values)))


def _circularity(tournament: ArrayLike) -> float | None:
    wins = _as_wins(tournament)
    if (wins < 0.0).any() or not np.array_equal(wins, wins.round()):
        raise ValueError("votes must be whole numbers; leave ties out")
    votes = wins + wins.T
    repeated = votes >= 2.0
    triads = _closed_walks(repeated.astype(np.float64)) / 6.0
    if triads == 0.0:
        return None
    pairs = np.where(repeated, votes * (votes - 1.0), 1.0)
    both_for = np.where(repeated, wins * (wins - 1.0) / pairs, 0.0)
    split = np.where(repeated, wins * wins.T / pairs, 0.0)
    # Over a triad: q^2 + q'^2 from two votes the same way, 2qq' from two votes opposed.
    return (_closed_walks(both_for) - _closed_walks(split)) / 3.0 / triads


def _closed_walks(matrix: NDArray[np.float64]) -> float:
    """The trace of the matrix's cube."""
    return float(np.sum((matrix @ matrix) * matrix.T))


def _as_wins(wins: ArrayLike) -> NDArray[np.float64]:
    w = np.array(wins, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != w.shape[1]:
        raise ValueError(f"wins must be a square matrix, got shape {w.shape}")
    np.fill_diagonal(w, 0.0)
    return w
