import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from rlaif_stats.bradley_terry import fit_bradley_terry


def read_counts(path):
    """Players by name, and comparisons with counts as weights."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    names = sorted({name for row in rows for name in row[:2]})
    first = [names.index(row[0]) for row in rows] * 2
    second = [names.index(row[1]) for row in rows] * 2
    outcome = [1.0] * len(rows) + [0.0] * len(rows)
    weight = [float(row[2]) for row in rows] + [float(row[3]) for row in rows]
    return names, first, second, outcome, weight


def simulate(rng, ratings, games, order_effect=0.0):
    first = rng.integers(len(ratings), size=games)
    second = (first + rng.integers(1, len(ratings), size=games)) % len(ratings)
    chance = expit(ratings[first] - ratings[second] + order_effect)
    return first, second, (rng.random(games) < chance).astype(float)


BASEBALL = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland"]


def test_the_american_league_of_1987_without_an_order_effect(shared_data):
    names, *games, weight = read_counts(shared_data("bt/baseball1987.csv"))
    ratings, errors = fit_bradley_terry(*games, weight=weight).relative_to(names.index("Baltimore"))
    expected = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839]
    assert [ratings[names.index(team)] for team in BASEBALL] == pytest.approx(expected, abs=5e-5)
    assert errors[names.index("Baltimore")] == pytest.approx(0.0, abs=1e-7)


def test_the_american_league_of_1987_with_a_home_effect(shared_data):
    names, *games, weight = read_counts(shared_data("bt/baseball1987.csv"))
    fit = fit_bradley_terry(*games, weight=weight, order_effect=True)
    ratings, _ = fit.relative_to(names.index("Baltimore"))
    expected = [1.6196, 1.4754, 1.3271, 1.2813, 1.1438, 0.7047]
    assert [ratings[names.index(team)] for team in BASEBALL] == pytest.approx(expected, abs=5e-5)
    assert fit.order_effect.value == pytest.approx(0.3023, abs=5e-5)
    assert fit.order_effect.low < 0.3023 < fit.order_effect.high


def test_citations_among_statistics_journals(shared_data):
    names, *games, weight = read_counts(shared_data("bt/citations.csv"))
    ratings, _ = fit_bradley_terry(*games, weight=weight).relative_to(names.index("Biometrika"))
    others = [ratings[names.index(name)] for name in ("Comm Statist", "JASA", "JRSS-B")]
    assert others == pytest.approx([-2.9491, -0.4796, 0.2690], abs=5e-5)


def test_two_players_get_the_log_odds_of_their_wins():
    fit = fit_bradley_terry([0] * 10, [1] * 10, [1.0] * 7 + [0.0] * 3)
    difference, error = fit.relative_to(1)
    assert difference[0] == pytest.approx(logit(0.7))
    assert error[0] == pytest.approx(1.0 / np.sqrt(10 * 0.7 * 0.3))


def test_a_tie_counts_half_and_an_abstention_not_at_all():
    tied = fit_bradley_terry([0] * 4, [1] * 4, [1.0, 1.0, 0.5, np.nan])
    assert tied.relative_to(1)[0][0] == pytest.approx(logit(2.5 / 3))


def test_planted_ratings_are_within_their_intervals():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=30)
    truth -= truth.mean()
    covered = []
    for _ in range(20):
        intervals = fit_bradley_terry(*simulate(rng, truth, 3000)).intervals()
        covered.append((intervals[:, 0] <= truth) & (truth <= intervals[:, 1]))
    assert 0.92 <= np.mean(covered) <= 0.98


def test_a_planted_order_effect_is_recovered_and_biases_nobody():
    rng = np.random.default_rng(1)
    truth = np.array([1.0, 0.0, -1.0])
    fit = fit_bradley_terry(*simulate(rng, truth, 20_000, order_effect=0.5), order_effect=True)
    assert fit.order_effect.low < 0.5 < fit.order_effect.high
    np.testing.assert_allclose(fit.ratings, truth, atol=0.1)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_fit_does_not_depend_on_the_sequence_or_on_who_is_named_first(seed):
    rng = np.random.default_rng(seed)
    first, second, outcome = simulate(rng, np.array([0.5, 0.0, -0.5]), 60)
    order = rng.permutation(60)
    turned = rng.random(60) < 0.5
    again = fit_bradley_terry(
        np.where(turned, second, first)[order],
        np.where(turned, first, second)[order],
        np.where(turned, 1.0 - outcome, outcome)[order],
        ridge=0.5,
    )
    fit = fit_bradley_terry(first, second, outcome, ridge=0.5)
    np.testing.assert_allclose(again.ratings, fit.ratings, atol=1e-6)
    np.testing.assert_allclose(again.standard_errors, fit.standard_errors, rtol=1e-6)


def test_ratings_add_up_to_zero():
    fit = fit_bradley_terry(*simulate(np.random.default_rng(0), np.arange(5.0) / 2, 2000))
    assert fit.ratings.sum() == pytest.approx(0.0, abs=1e-9)
    assert fit.covariance.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ([0, 0, 1], [1, 2, 2], [1.0, 1.0, 1.0]),  # player 0 never lost
        ([0, 0, 2, 2], [1, 1, 3, 3], [1.0, 0.0, 1.0, 0.0]),  # two groups that never met
    ],
)
def test_ratings_that_would_be_infinite_are_refused_and_a_ridge_holds_them(first, second, outcome):
    with pytest.raises(ValueError, match="ridge"):
        fit_bradley_terry(first, second, outcome)
    fit = fit_bradley_terry(first, second, outcome, ridge=1.0)
    assert np.isfinite(fit.intervals()).all()


def test_a_player_who_was_never_compared_is_refused():
    with pytest.raises(ValueError, match=r"\[2\]"):
        fit_bradley_terry([0, 0], [1, 1], [1.0, 0.0], players=3)


def test_an_order_that_explains_every_win_is_refused():
    first, second = [0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]
    with pytest.raises(ValueError, match="order effect is infinite"):
        fit_bradley_terry(first, second, [1.0] * 6, order_effect=True)
    with pytest.raises(ValueError, match="order effect is infinite"):
        fit_bradley_terry(first, second, [0.0] * 6, order_effect=True)


def test_one_order_alone_does_not_say_what_the_order_is_worth():
    # Player 0 is always shown first: rating and order effect cannot be told apart.
    with pytest.raises(ValueError, match="order effect is infinite"):
        fit_bradley_terry([0, 0, 0], [1, 1, 1], [1.0, 1.0, 0.0], order_effect=True)


def test_a_circle_of_wins_bounds_the_order_effect():
    # 0 beats 1 beats 2 beats 0, each shown first, and the same shown second.
    first, second = [0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2]
    fit = fit_bradley_terry(first, second, [1.0] * 3 + [0.0] * 3, order_effect=True)
    assert fit.order_effect.value == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "outcome", "message"),
    [
        ([0], [0], [1.0], "itself"),
        ([0], [1], [1.5], "probability"),
        ([0, 1], [1], [1.0], "shapes"),
        ([0], [-1], [1.0], "outside"),
        ([0], [1], [np.nan], "no comparisons"),
    ],
)
def test_what_is_no_comparison_is_refused(first, second, outcome, message):
    with pytest.raises(ValueError, match=message):
        fit_bradley_terry(first, second, outcome)


def test_a_million_comparisons_of_a_hundred_players_are_fitted_fast(bare_turns):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100)
    games = simulate(rng, truth, 1_000_000, order_effect=0.2)
    fits = []
    assert bare_turns(lambda: fits.append(fit_bradley_terry(*games, order_effect=True))) < 150e6
    fit = fits[0]
    assert bare_turns(fit.intervals) < 50e6
    assert fit.order_effect.value == pytest.approx(0.2, abs=0.02)
    np.testing.assert_allclose(fit.ratings, truth - truth.mean(), atol=0.1)
