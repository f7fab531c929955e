from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from rlaif_stats.cycles import count_cycles, intransitivity_test

ROCK_PAPER_SCISSORS = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])


def votes(rng, ratings, circle, repeats):
    """Votes of a noisy judge whose preferences also run in a circle, by `circle` in log-odds."""
    players = len(ratings)
    first, second = np.triu_indices(players, 1)
    turn = np.where((second - first) % 3 == 1, circle, np.where((second - first) % 3, -circle, 0.0))
    won = rng.binomial(repeats, expit(ratings[first] - ratings[second] + turn))
    wins = np.zeros((players, players))
    wins[first, second], wins[second, first] = won, repeats - won
    return wins


def test_rock_paper_scissors_is_one_cycle():
    found = count_cycles(ROCK_PAPER_SCISSORS)
    assert (found.cycles, found.triads, found.rate) == (1, 1, 1.0)


def test_a_ranking_has_no_cycle_and_all_its_triads():
    found = count_cycles(np.triu(np.ones((5, 5)), 1))
    assert (found.cycles, found.triads) == (0, 10)


def test_undecided_comparisons_make_no_triad():
    wins = ROCK_PAPER_SCISSORS.copy()
    wins[1, 0] = 1.0
    found = count_cycles(wins)
    assert found.triads == 0
    assert np.isnan(found.rate)


@given(arrays(np.float64, (6, 6), elements=st.integers(0, 2)))
def test_cycles_are_those_that_enumeration_finds(wins):
    beats = wins > wins.T
    decided = [
        t
        for t in combinations(range(6), 3)
        if all(beats[i, j] or beats[j, i] for i, j in combinations(t, 2))
    ]
    cyclic = [
        t
        for t in decided
        if any(beats[a, b] and beats[b, c] and beats[c, a] for a, b, c in permutations(t))
    ]
    found = count_cycles(wins)
    assert (found.cycles, found.triads) == (len(cyclic), len(decided))


def test_circularity_is_unbiased():
    rng = np.random.default_rng(0)
    forth, back = 0.8 * 0.7 * 0.6, 0.2 * 0.3 * 0.4
    tournaments = []
    for _ in range(4000):
        wins = np.zeros((3, 3))
        for (i, j), chance in {(0, 1): 0.8, (1, 2): 0.7, (2, 0): 0.6}.items():
            wins[i, j] = rng.binomial(3, chance)
            wins[j, i] = 3 - wins[i, j]
        tournaments.append(wins)
    circularity = intransitivity_test(tournaments, level=0.99).circularity
    assert circularity.low < (forth - back) ** 2 < circularity.high


@pytest.mark.parametrize("scale", [0.0, 0.5, 2.0])
def test_noise_on_a_ranking_is_not_taken_for_intransitivity(scale):
    rng = np.random.default_rng(3)
    rejected = [
        intransitivity_test(
            [votes(rng, rng.normal(size=4) * scale, 0.0, 2) for _ in range(50)]
        ).p_value
        < 0.05
        for _ in range(100)
    ]
    assert np.mean(rejected) <= 0.1


def test_circular_preferences_are_found_under_noise():
    rng = np.random.default_rng(0)
    tournaments = [votes(rng, rng.normal(size=4), 1.5, 3) for _ in range(100)]
    found = intransitivity_test(tournaments)
    assert found.p_value < 0.01
    assert found.circularity.low > 0.0


def test_a_judge_who_always_votes_in_a_circle_has_circularity_one():
    found = intransitivity_test([2.0 * ROCK_PAPER_SCISSORS] * 10)
    assert found.circularity.value == 1.0
    assert found.p_value == 0.5**10


def test_a_consistent_ranking_has_no_circularity():
    found = intransitivity_test([5.0 * np.triu(np.ones((4, 4)), 1)] * 10)
    assert found.circularity.value == 0.0
    assert found.p_value == 1.0


def test_single_votes_cannot_show_intransitivity():
    with pytest.raises(ValueError, match="two votes"):
        intransitivity_test([ROCK_PAPER_SCISSORS] * 10)


def test_fractions_of_a_vote_are_refused():
    with pytest.raises(ValueError, match="whole"):
        intransitivity_test([1.5 * ROCK_PAPER_SCISSORS] * 2)
