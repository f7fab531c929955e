import numpy as np
import pytest
from scipy.special import expit

from rlaif_stats.length_control import (
    length_controlled_win_rate,
    longer_win_rate,
    longer_win_rate_at_equal_quality,
)


def judged(rng, size, theta, phi, longer_by):
    """Outcomes against a baseline under a judge that pays `phi` for length."""
    difference = rng.normal(longer_by, 100.0, size)
    chance = expit(theta + phi * np.tanh(difference / difference.std()))
    return (rng.random(size) < chance).astype(float), difference


def test_a_padded_clone_of_the_baseline_wins_half_at_equal_length():
    outcomes, difference = judged(np.random.default_rng(0), 3000, 0.0, 1.5, longer_by=80.0)
    controlled = length_controlled_win_rate(outcomes, difference)
    assert outcomes.mean() > 0.6
    assert controlled.win_rate.low < 0.5 < controlled.win_rate.high
    assert controlled.win_rate.value == pytest.approx(0.5, abs=0.03)


def test_the_worth_of_length_is_recovered():
    outcomes, difference = judged(np.random.default_rng(0), 20_000, 0.4, 1.5, longer_by=50.0)
    controlled = length_controlled_win_rate(outcomes, difference)
    assert controlled.coefficient == pytest.approx(1.5, abs=0.1)
    assert controlled.win_rate.value == pytest.approx(expit(0.4), abs=0.02)


def test_exchanging_policy_and_baseline_mirrors_the_win_rate():
    outcomes, difference = judged(np.random.default_rng(0), 200, 0.4, 1.0, longer_by=50.0)
    ours = length_controlled_win_rate(outcomes, difference)
    theirs = length_controlled_win_rate(1.0 - outcomes, -difference)
    assert theirs.win_rate.value == pytest.approx(1.0 - ours.win_rate.value)
    assert theirs.win_rate.low == pytest.approx(1.0 - ours.win_rate.high)
    assert theirs.coefficient == pytest.approx(ours.coefficient)


def test_the_interval_covers_the_truth():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        outcomes, difference = judged(rng, 250, 0.4, 1.0, longer_by=50.0)
        interval = length_controlled_win_rate(outcomes, difference).win_rate
        covered += interval.low <= expit(0.4) <= interval.high
    assert 0.91 <= covered / 200 <= 0.99


def test_repeating_each_prompt_does_not_narrow_a_clustered_interval():
    outcomes, difference = judged(np.random.default_rng(0), 100, 0.0, 1.0, longer_by=0.0)
    once = length_controlled_win_rate(outcomes, difference).win_rate
    repeated = length_controlled_win_rate(
        np.repeat(outcomes, 10), np.repeat(difference, 10), np.repeat(np.arange(100), 10)
    ).win_rate
    assert repeated.high - repeated.low == pytest.approx(once.high - once.low, rel=0.05)


def test_winning_always_leaves_an_honest_interval():
    interval = length_controlled_win_rate(np.ones(50), np.linspace(-100, 100, 50)).win_rate
    assert 0.7 < interval.low < 0.97 < interval.high <= 1.0


def test_responses_of_equal_length_need_no_control():
    outcomes = np.repeat([1.0, 0.0], [60, 40])
    controlled = length_controlled_win_rate(outcomes, np.zeros(100))
    assert controlled.win_rate.value == pytest.approx(0.6, abs=0.001)
    assert controlled.coefficient == 0.0


def test_a_constant_difference_cannot_be_told_from_quality_and_widens_the_interval():
    outcomes = np.repeat([1.0, 0.0], [60, 40])
    unknown = length_controlled_win_rate(outcomes, np.full(100, 30.0)).win_rate
    known = length_controlled_win_rate(outcomes, np.zeros(100)).win_rate
    assert unknown.high - unknown.low > 3.0 * (known.high - known.low)


def test_one_cluster_and_no_outcome_at_all():
    single = length_controlled_win_rate([1.0, 0.0], [5.0, -5.0], clusters=[0, 0]).win_rate
    assert (single.low, single.high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no outcomes"):
        length_controlled_win_rate([np.nan], [1.0])


def test_the_longer_wins_by_its_length_whichever_side_it_is_on():
    estimate = longer_win_rate([1.0, 0.0, 0.5, 1.0, np.nan], [10, -3, 4, 0, 2])
    assert estimate.value == pytest.approx((1.0 + 1.0 + 0.5) / 3)
    assert estimate.n == 3


def test_at_equal_quality_a_fair_judge_gives_the_longer_no_credit():
    rng = np.random.default_rng(0)
    length = rng.normal(size=5000)
    quality = 0.8 * length + rng.normal(size=5000)
    outcomes = (rng.random(5000) < expit(2.0 * quality)).astype(float)
    at_par = longer_win_rate_at_equal_quality(outcomes, length, quality)
    assert longer_win_rate(outcomes, length).low > 0.6
    assert at_par.win_rate.low < 0.5 < at_par.win_rate.high
    assert at_par.coefficient > 1.0


def test_at_equal_quality_a_biased_judge_is_found_out():
    rng = np.random.default_rng(0)
    length, quality = rng.normal(size=(2, 5000))
    outcomes = (rng.random(5000) < expit(quality + np.sign(length))).astype(float)
    at_par = longer_win_rate_at_equal_quality(outcomes, length, quality)
    assert at_par.win_rate.value == pytest.approx(expit(1.0), abs=0.03)


@pytest.mark.parametrize(
    "arguments",
    [
        ([1.0, 0.0], [1.0]),
        ([1.0], [np.inf]),
        ([1.0, 0.0], [1.0, 2.0], [0]),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments):
    with pytest.raises(ValueError, match=r"length|finite|shapes"):
        length_controlled_win_rate(*arguments)
