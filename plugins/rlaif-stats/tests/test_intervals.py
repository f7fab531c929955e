import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rlaif_stats.intervals import (
    Estimate,
    mean_estimate,
    wilson,
    win_rate,
)

outcome_lists = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=40)


def test_mean_estimate_is_the_textbook_t_interval():
    values = [1.0, 2.0, 4.0, 8.0, 16.0]
    expected = stats.t.interval(0.9, 4, np.mean(values), stats.sem(values))
    estimate = mean_estimate(values, level=0.9)
    assert estimate.value == pytest.approx(6.2)
    assert (estimate.low, estimate.high) == pytest.approx(expected)
    assert estimate.n == 5


def test_one_value_says_nothing_about_its_spread():
    assert mean_estimate([3.0]) == Estimate(3.0, -np.inf, np.inf, 1)


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [[1.0, 2.0]]])
def test_mean_estimate_refuses_what_has_no_mean(values):
    with pytest.raises(ValueError, match=r"non-empty|finite"):
        mean_estimate(values)


def test_every_value_its_own_cluster_changes_nothing():
    values = np.random.default_rng(0).normal(size=30)
    assert mean_estimate(values, clusters=np.arange(30)) == mean_estimate(values)


def test_repeating_each_value_in_its_cluster_does_not_narrow_the_interval():
    values = np.random.default_rng(0).normal(size=30)
    once = mean_estimate(values)
    repeated = mean_estimate(np.repeat(values, 8), clusters=np.repeat(np.arange(30), 8))
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    assert repeated.n == 240


def test_wilson_agrees_with_scipy():
    expected = stats.binomtest(7, 20).proportion_ci(method="wilson")
    estimate = wilson(7, 20)
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_in_the_unit_interval_around_its_value(counts):
    estimate = wilson(*counts)
    assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0
    assert estimate.low < estimate.high


@pytest.mark.parametrize("counts", [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(counts):
    with pytest.raises(ValueError, match="successes"):
        wilson(*counts)


def test_win_rate_counts_a_tie_as_half_and_leaves_abstentions_out():
    estimate = win_rate([1.0, 1.0, 0.5, 0.0, np.nan])
    assert estimate.value == 0.625
    assert estimate.n == 4


def test_win_rate_of_decided_comparisons_has_wilsons_interval():
    assert win_rate([1.0] * 7 + [0.0] * 13) == wilson(7, 20)


def test_ties_narrow_the_interval_around_one_half():
    decided = win_rate([1.0, 0.0] * 50)
    tied = win_rate([1.0, 0.0] * 10 + [0.5] * 80)
    assert tied.high - tied.low < decided.high - decided.low


@pytest.mark.parametrize("outcomes", [[1.0] * 50, [0.5] * 50, [0.0] * 50])
def test_outcomes_without_variance_leave_an_interval_all_the_same(outcomes):
    estimate = win_rate(outcomes, clusters=np.arange(50) // 5)
    assert 0.1 < estimate.high - estimate.low < 0.7


def test_one_cluster_leaves_every_win_rate_possible():
    assert win_rate([1.0, 0.0, 1.0], clusters=["p", "p", "p"]) == Estimate(2 / 3, 0.0, 1.0, 3)


@given(outcome_lists)
def test_win_rate_of_the_other_side_mirrors_the_interval(outcomes):
    ours, theirs = win_rate(outcomes), win_rate(1.0 - np.array(outcomes))
    mirrored = (1.0 - theirs.value, 1.0 - theirs.high, 1.0 - theirs.low)
    assert (ours.value, ours.low, ours.high) == pytest.approx(mirrored)


@given(outcome_lists, st.randoms(use_true_random=False))
def test_win_rate_does_not_depend_on_the_order_of_the_outcomes(outcomes, random):
    pairs = list(zip(outcomes, range(len(outcomes)), strict=True))
    random.shuffle(pairs)
    shuffled, clusters = zip(*pairs, strict=True)
    before = win_rate(outcomes, clusters=np.arange(len(outcomes)) // 2)
    after = win_rate(shuffled, clusters=np.array(clusters) // 2)
    assert (before.low, before.high) == pytest.approx((after.low, after.high))


def test_clustered_win_rate_covers_the_truth_where_the_naive_one_does_not():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(60), 8)
    covered = {"naive": 0, "clustered": 0}
    for _ in range(300):
        prompt = rng.beta(1.2, 0.8, size=60)
        outcomes = (rng.random(480) < prompt[clusters]).astype(float)
        for name, groups in (("naive", None), ("clustered", clusters)):
            estimate = win_rate(outcomes, groups)
            covered[name] += estimate.low <= 0.6 <= estimate.high
    assert covered["naive"] / 300 < 0.85
    assert 0.92 <= covered["clustered"] / 300 <= 0.98


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_a_share_below_one(level):
    with pytest.raises(ValueError, match="level"):
        mean_estimate([1.0, 2.0], level=level)


def test_clusters_of_other_values_are_refused():
    with pytest.raises(ValueError, match="shapes differ"):
        win_rate([1.0, 0.0], clusters=["p"])
