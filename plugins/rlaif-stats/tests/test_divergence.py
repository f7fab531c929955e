from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.divergence import (
    best_of_n_expectation,
    best_of_n_kl_bound,
    k1,
    k3,
)

P, Q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
LOG_RATIO = np.log(P / Q)


@pytest.mark.parametrize(("estimator", "mean"), [(k1, 0.0252671539), (k3, 0.0252671539)])
def test_estimators_have_their_golden_expectations(estimator, mean):
    assert P @ estimator(LOG_RATIO) == pytest.approx(mean, abs=1e-10)


@pytest.mark.parametrize(("estimator", "deviation"), [(k1, 0.2215544755), (k3, 0.0159560083)])
def test_estimators_have_their_golden_deviations(estimator, deviation):
    values = estimator(LOG_RATIO)
    assert np.sqrt(P @ values**2 - (P @ values) ** 2) == pytest.approx(deviation, abs=1e-10)


@given(st.lists(st.floats(-20.0, 20.0), min_size=1))
def test_k3_is_never_negative(log_ratio):
    assert (k3(log_ratio) >= 0.0).all()


def test_k3_keeps_its_digits_near_the_reference():
    assert k3(1e-7) == pytest.approx(0.5e-14, rel=0.05)


@pytest.mark.parametrize(
    ("n", "bound"), [(1, 0.0), (2, 0.1931), (4, 0.6363), (8, 1.2044), (16, 1.8351), (64, 3.1745)]
)
def test_best_of_n_bounds_are_the_golden_ones(n, bound):
    assert best_of_n_kl_bound(n) == pytest.approx(bound, abs=6e-5)


def test_best_of_none_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        best_of_n_kl_bound(0)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(-10.0, 10.0)), min_size=1, max_size=8),
    st.data(),
)
def test_best_of_n_equals_the_mean_over_all_subsets(samples, data):
    n = data.draw(st.integers(1, len(samples)))
    means = []
    for subset in combinations(samples, n):
        best = max(score for score, _ in subset)
        means.append(np.mean([value for score, value in subset if score == best]))
    scores, values = zip(*samples, strict=True)
    # Ties are shared within the whole sample, which equals sharing them within each subset.
    assert best_of_n_expectation(scores, n, values) == pytest.approx(np.mean(means), abs=1e-9)


@given(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=20))
def test_more_to_choose_from_is_never_worse(scores):
    curve = [best_of_n_expectation(scores, n) for n in range(1, len(scores) + 1)]
    assert (np.diff(curve) >= -1e-9).all()
    assert curve[0] == pytest.approx(np.mean(scores))
    assert curve[-1] == pytest.approx(max(scores))


def test_choosing_by_a_misleading_proxy_lowers_the_true_value():
    proxy, gold = np.arange(100.0), -np.arange(100.0)
    assert best_of_n_expectation(proxy, 16, gold) < best_of_n_expectation(proxy, 2, gold)


@pytest.mark.parametrize("n", [0, 4])
def test_best_of_more_than_there_are_is_refused(n):
    with pytest.raises(ValueError, match=r"1\.\.3"):
        best_of_n_expectation([1.0, 2.0, 3.0], n)


@pytest.mark.parametrize(
    ("scores", "values"), [([1.0, 2.0], [1.0]), ([1.0, np.nan], None), ([np.inf, 0.0], None)]
)
def test_samples_that_cannot_be_ranked_are_refused(scores, values):
    with pytest.raises(ValueError, match=r"length|finite"):
        best_of_n_expectation(scores, 2, values)
