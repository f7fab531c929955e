"""Bradley–Terry ratings by maximum likelihood, with standard errors.

`P(i beats j) = sigmoid(r_i - r_j)`, with an order effect `sigmoid(r_first - r_second + h)`
(Bradley & Terry 1952; Davidson & Beaver 1977 for the order). Unlike online Elo the ratings do not
depend on the sequence of the comparisons. For a handful of responses to one prompt,
`rlaif_stats.ranking.bradley_terry_ratings` does the same in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from rlaif_stats.connectivity import order_effect_is_finite, strong_components
from rlaif_stats.intervals import Estimate, normal_quantile
from rlaif_stats.logistic import fit_logistic
from rlaif_stats.outcomes import as_outcomes


@dataclass(frozen=True)
class BradleyTerryFit:
    """Ratings in log-odds, zero on average, with what is known about their error.

    Attributes:
        ratings: shape (players,), adding up to 0.
        covariance: shape (players, players), of `ratings`.
        order_effect: log-odds that being shown first adds, or None if it was not fitted.
        log_likelihood: in nats.
    """

    ratings: NDArray[np.float64]
    covariance: NDArray[np.float64]
    order_effect: Estimate | None
    log_likelihood: float

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Shape (players,), of each rating relative to the average player."""
        errors: NDArray[np.float64] = np.sqrt(np.diag(self.covariance))
        return errors

    def intervals(self, level: float = 0.95) -> NDArray[np.float64]:
        """Shape (players, 2): lower and upper end of each rating's normal interval."""
        half = normal_quantile(level) * self.standard_errors
        return np.stack([self.ratings - half, self.ratings + half], axis=1)

    def relative_to(self, player: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ratings minus that of one player, and the standard errors of these differences."""
        variance = np.diag(self.covariance)
        difference = variance + variance[player] - 2.0 * self.covariance[player]
        errors: NDArray[np.float64] = np.sqrt(np.maximum(difference, 0.0))
        return self.ratings - self.ratings[player], errors


def fit_bradley_terry(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    players: int | None = None,
    order_effect: bool = False,
    ridge: float = 0.0,
    level: float = 0.95,
) -> BradleyTerryFit:
    """Fits ratings to comparisons.

    Standard errors come from the Hessian and take comparisons as independent; where both orders
    or several votes of one pair enter, weigh them to add up to 1.

    Args:
        first: shape (n,), index of the player shown first, below `players`.
        second: shape (n,), index of the player shown second.
        outcome: shape (n,), 1 if the first won, 0 if the second did, 0.5 for a tie (half a win
            each), between for soft verdicts, NaN for an abstention, which is left out.
        weight: shape (n,), how many comparisons each one stands for; 1 unless given.
        players: their number; one more than the highest index unless given.
        order_effect: whether to fit the advantage of being shown first.
        ridge: weight of `sum r^2 / 2`, a normal prior of variance `1 / ridge`. Needed where the
            comparisons do not connect all players; shrinks all ratings.
        level: coverage of the order effect's interval, in (0, 1).

    Returns:
        The fit.

    Raises:
        ValueError: if shapes differ, an index or outcome is out of range, a player meets itself,
            or ratings are infinite without a ridge.
    """
    cells = _tally(first, second, outcome, weight, players)
    if ridge < 0.0:
        raise ValueError(f"ridge must not be negative, got {ridge}")
    if ridge == 0.0:
        _require_connected(cells)
    if order_effect:
        _require_finite_order_effect(cells)
    # Adding a constant to all ratings changes nothing; a penalty on their sum pins them to
    # average 0 without favouring any player, and its share of the covariance is known exactly.
    count = cells.players
    pin = float(cells.games.sum()) / count**2
    penalty = np.zeros((count + order_effect, count + order_effect))
    penalty[:count, :count] = pin
    penalty[np.arange(count), np.arange(count)] += ridge
    fit = fit_logistic(cells.design(order_effect), cells.wins / cells.games, cells.games, penalty)
    covariance = np.linalg.inv(fit.hessian).astype(np.float64)
    covariance[:count, :count] -= 1.0 / (count * (ridge + pin * count))
    effect = None
    if order_effect:
        value = float(fit.coefficients[count])
        half = normal_quantile(level) * float(np.sqrt(covariance[count, count]))
        effect = Estimate(value, value - half, value + half, round(float(cells.games.sum())))
    ratings = fit.coefficients[:count]
    return BradleyTerryFit(
        ratings=ratings - ratings.mean(),
        covariance=covariance[:count, :count],
        order_effect=effect,
        log_likelihood=fit.log_likelihood,
    )


@dataclass(frozen=True)
class _Cells:
    """Comparisons added up by ordered pair of players."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    wins: NDArray[np.float64]
    games: NDArray[np.float64]
    players: int

    def design(self, order_effect: bool) -> csr_array:
        """One row a cell: 1 for the first, -1 for the second, and 1 for having an order."""
        cells, ones = self.first.size, np.ones(self.first.size)
        columns, entries = [self.first, self.second], [ones, -ones]
        if order_effect:
            columns.append(np.full(cells, self.players))
            entries.append(ones)
        rows = np.tile(np.arange(cells), len(columns))
        shape = (cells, self.players + order_effect)
        return csr_array((np.concatenate(entries), (rows, np.concatenate(columns))), shape=shape)

    def win_edges(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Winner, loser, and whether the winner was first, wherever anything was won."""
        won, lost = self.wins > 0.0, self.wins < self.games
        return (
            np.concatenate([self.first[won], self.second[lost]]),
            np.concatenate([self.second[won], self.first[lost]]),
            np.repeat([True, False], [won.sum(), lost.sum()]),
        )


def _tally(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    weight: ArrayLike | None,
    players: int | None,
) -> _Cells:
    i, j = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    y = as_outcomes(outcome)
    w = np.ones_like(y) if weight is None else np.asarray(weight, dtype=np.float64)
    if not i.shape == j.shape == y.shape == w.shape or y.ndim != 1:
        raise ValueError(f"shapes differ: {i.shape}, {j.shape}, {y.shape}, {w.shape}")
    if not (w >= 0.0).all():
        raise ValueError("weights must not be negative")
    counted = ~np.isnan(y) & (w > 0.0)
    i, j, y, w = i[counted], j[counted], y[counted], w[counted]
    if y.size == 0:
        raise ValueError("no comparisons to rank by")
    highest = int(max(i.max(), j.max()))
    count = highest + 1 if players is None else players
    if highest >= count or min(i.min(), j.min()) < 0:
        raise ValueError(f"a player's index is outside 0..{count - 1}")
    if (i == j).any():
        raise ValueError(f"player {i[i == j][0]} is compared with itself")
    keys, cell = np.unique(i * count + j, return_inverse=True)
    return _Cells(
        first=keys // count,
        second=keys % count,
        wins=np.bincount(cell, w * y).astype(np.float64),
        games=np.bincount(cell, w).astype(np.float64),
        players=count,
    )


def _require_connected(cells: _Cells) -> None:
    winner, loser, _ = cells.win_edges()
    groups = strong_components(winner, loser, cells.players)
    sizes = np.bincount(groups)
    if sizes.size > 1:
        apart = np.flatnonzero(groups != sizes.argmax())[:5].tolist()
        raise ValueError(
            f"ratings are infinite: the comparisons split the players into {sizes.size} groups "
            f"that do not beat each other in a circle (apart from the largest: {apart} …); "
            "compare more, or set ridge > 0"
        )


def _require_finite_order_effect(cells: _Cells) -> None:
    winner, loser, winner_was_first = cells.win_edges()
    if not order_effect_is_finite(winner, loser, winner_was_first, cells.players):
        raise ValueError(
            "the order effect is infinite: the order shown explains every win; "
            "ask pairs in both orders, or fit without order_effect"
        )
