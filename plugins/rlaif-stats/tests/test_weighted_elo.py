import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from rlaif_stats.weighted_elo import elo_scores, first_rate, place_weights, weighted_wins

SHARES = st.floats(0.0, 1.0)


def test_a_judge_that_prefers_the_first_gives_its_wins_less_weight():
    first, second = place_weights(0.68)
    assert first == pytest.approx(0.32)
    assert second == pytest.approx(0.68)
    assert place_weights(0.5) == (0.5, 0.5)
    with pytest.raises(ValueError, match="first_rate"):
        place_weights(1.1)


@given(st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=20))
def test_weighted_so_both_places_win_the_same_in_total(outcomes):
    ab, ba = np.array(outcomes).T
    first, second = place_weights(first_rate(ab, ba))
    won_first = ab.sum() + (1 - ba).sum()
    won_second = (1 - ab).sum() + ba.sum()
    assert first * won_first == pytest.approx(second * won_second)


def test_first_rate_leaves_abstentions_out():
    assert first_rate([1.0, np.nan], [0.0, 1.0]) == pytest.approx(2 / 3)
    assert first_rate([np.nan], []) == 0.5


def test_a_pair_won_in_both_orders_is_one_win_whatever_the_bias():
    for rate in (0.2, 0.5, 0.9):
        wins = weighted_wins([0], [1], [1.0], [1.0], place_weights(rate), 2)
        np.testing.assert_allclose(wins, [[0.0, 1.0], [0.0, 0.0]])


def test_a_judge_of_places_alone_ranks_nothing():
    pairs = list(combinations(range(4), 2))
    a, b = zip(*pairs, strict=True)
    ab, ba = np.ones(len(pairs)), np.zeros(len(pairs))
    wins = weighted_wins(a, b, ab, ba, place_weights(first_rate(ab, ba)), 4)
    assert not wins.any()
    np.testing.assert_allclose(elo_scores(wins), 1000.0)


@given(st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=3), st.floats(0.1, 0.9))
def test_which_response_is_called_a_does_not_matter(outcomes, rate):
    (a, b), (ab, ba) = zip(*combinations(range(3), 2), strict=True), np.array(outcomes).T
    weights = place_weights(rate)
    there = weighted_wins(a, b, ab, ba, weights, 3)
    turned = weighted_wins(b, a, 1 - ba, 1 - ab, weights, 3)
    np.testing.assert_allclose(there, turned, atol=1e-12)


def test_an_abstention_adds_nothing():
    wins = weighted_wins([0], [1], [np.nan], [1.0], (0.4, 0.6), 2)
    np.testing.assert_allclose(wins, [[0.0, 0.6], [0.0, 0.0]])
    with pytest.raises(ValueError, match="shapes"):
        weighted_wins([0, 1], [1], [0.5], [0.5], (0.5, 0.5), 2)


def test_elo_recovers_what_made_the_wins():
    true = np.array([1200.0, 1000.0, 950.0, 850.0])
    odds = (true[:, None] - true) * math.log(10) / 400
    np.testing.assert_allclose(elo_scores(1e6 * expit(odds)), true, atol=0.1)


def test_ten_to_one_odds_are_four_hundred_points():
    scores = elo_scores([[0.0, 10e6], [1e6, 0.0]])
    assert scores[0] - scores[1] == pytest.approx(400.0, abs=0.01)
