import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rlaif_stats.bradley_terry import fit_bradley_terry
from rlaif_stats.ranking import bradley_terry_ratings, elo_ratings, kendall_tau

win_matrices = st.integers(1, 8).flatmap(
    lambda n: arrays(np.float64, (n, n), elements=st.floats(0.0, 20.0))
)


def round_robin(rng, players):
    """One soft verdict on every pair, as a matrix of wins."""
    upper = np.triu(rng.random((players, players)), 1)
    return upper + np.tril(1.0 - upper.T, -1)


def test_the_fast_ratings_are_those_of_the_full_fit():
    wins = round_robin(np.random.default_rng(0), 6)
    first, second = np.nonzero(~np.eye(6, dtype=bool))
    full = fit_bradley_terry(first, second, np.ones(30), weight=wins[first, second], ridge=0.1)
    np.testing.assert_allclose(bradley_terry_ratings(wins, ridge=0.1), full.ratings, atol=1e-7)


def test_an_unbeaten_response_is_best_and_finite():
    ratings = bradley_terry_ratings(np.triu(np.ones((5, 5)), 1))
    assert (np.diff(ratings) < 0.0).all()
    assert np.isfinite(ratings).all()


def test_more_ridge_shrinks_the_ratings():
    wins = np.triu(np.ones((5, 5)), 1)
    assert np.ptp(bradley_terry_ratings(wins, 1.0)) < np.ptp(bradley_terry_ratings(wins, 0.1))


@given(win_matrices)
def test_ratings_are_finite_balanced_and_at_the_optimum(wins):
    ratings = bradley_terry_ratings(wins, ridge=0.1)
    assert ratings.sum() == pytest.approx(0.0, abs=1e-8)
    np.fill_diagonal(wins, 0.0)
    expected = 1.0 / (1.0 + np.exp(ratings - ratings[:, None]))
    gradient = (wins - (wins + wins.T) * expected).sum(axis=1) - 0.1 * ratings
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


@given(win_matrices, st.integers(0, 100))
def test_renaming_the_responses_renames_the_ratings(wins, seed):
    order = np.random.default_rng(seed).permutation(len(wins))
    renamed = bradley_terry_ratings(wins[np.ix_(order, order)])
    np.testing.assert_allclose(renamed, bradley_terry_ratings(wins)[order], atol=1e-6)


@given(win_matrices)
def test_turning_every_verdict_turns_the_ratings(wins):
    np.testing.assert_allclose(
        bradley_terry_ratings(wins.T), -bradley_terry_ratings(wins), atol=1e-6
    )


def test_lopsided_counts_converge():
    wins = np.array([[0.0, 1e6, 1.0], [1.0, 0.0, 1e-6], [0.0, 1e4, 0.0]])
    ratings = bradley_terry_ratings(wins, ridge=1e-6)
    assert np.isfinite(ratings).all()
    assert ratings.argmin() == 1


@pytest.mark.parametrize(
    ("wins", "ridge"), [([[0.0, 1.0]], 0.1), ([[0.0, -1.0], [0.0, 0.0]], 0.1), (np.eye(2), 0.0)]
)
def test_what_cannot_be_rated_is_refused(wins, ridge):
    with pytest.raises(ValueError, match=r"square|negative|ridge"):
        bradley_terry_ratings(wins, ridge)


def test_sixteen_responses_cost_a_few_thousand_turns(bare_turns):
    wins = round_robin(np.random.default_rng(0), 16)
    assert bare_turns(lambda: [bradley_terry_ratings(wins) for _ in range(50)]) / 50 < 33e3


def test_elo_moves_by_k_times_the_surprise():
    np.testing.assert_allclose(elo_ratings([0], [1], [1.0], k=16.0), [1008.0, 992.0])
    np.testing.assert_allclose(elo_ratings([0], [1], [0.5]), [1000.0, 1000.0])
    np.testing.assert_allclose(elo_ratings([0], [1], [np.nan], players=3), [1000.0] * 3)


def test_elo_depends_on_the_sequence_where_bradley_terry_does_not():
    first, second, outcome = np.zeros(20, int), np.ones(20, int), np.repeat([1.0, 0.0], 10)
    forth = elo_ratings(first, second, outcome)
    back = elo_ratings(first, second, outcome[::-1])
    assert abs(forth[0] - back[0]) > 10.0
    np.testing.assert_allclose(fit_bradley_terry(first, second, outcome).ratings, 0.0, atol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(0.0, 1.0)), max_size=30))
def test_elo_points_are_only_passed_on(games):
    games = [game for game in games if game[0] != game[1]]
    first, second, outcome = zip(*games, strict=True) if games else ((), (), ())
    assert elo_ratings(first, second, outcome, players=5).sum() == pytest.approx(5000.0)


def test_kendall_tau_of_equal_reversed_and_constant_rankings():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == pytest.approx(1.0)
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert np.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))
