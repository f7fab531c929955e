import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from rlaif_stats.calibration import (
    TEMPERATURE_RANGE,
    apply_temperature,
    as_confidence,
    brier_score,
    expected_calibration_error,
    fit_temperature,
    reliability_bins,
)

unit = arrays(np.float64, 20, elements=st.floats(0.0, 1.0))


def overconfident(rng, size, factor, intercept=0.0):
    """Probabilities whose log-odds are `factor` times the true ones, and what happened."""
    truth = rng.normal(size=size) * 1.5
    outcomes = (rng.random(size) < expit(truth + intercept)).astype(float)
    return expit(factor * truth), outcomes


def test_reliability_bins_hold_means_and_counts():
    table = reliability_bins([0.05, 0.15, 0.25, 1.0], [0.0, 1.0, 1.0, 1.0], bins=5)
    np.testing.assert_array_equal(table.counts, [2, 1, 0, 0, 1])
    np.testing.assert_allclose(table.predicted, [0.1, 0.25, np.nan, np.nan, 1.0])
    np.testing.assert_allclose(table.observed, [0.5, 1.0, np.nan, np.nan, 1.0])


def test_calibration_error_weighs_gaps_by_counts():
    p, y = [0.05, 0.15, 0.25, 1.0], [0.0, 1.0, 1.0, 1.0]
    assert expected_calibration_error(p, y, bins=5) == pytest.approx((2 * 0.4 + 0.75 + 0.0) / 4)


def test_a_calibrated_judge_has_little_calibration_error_and_an_overconfident_one_much():
    rng = np.random.default_rng(0)
    assert expected_calibration_error(*overconfident(rng, 20_000, 1.0)) < 0.015
    assert expected_calibration_error(*overconfident(rng, 20_000, 3.0)) > 0.1


@given(unit, unit)
def test_scores_of_any_probabilities_lie_in_the_unit_interval(p, y):
    assert 0.0 <= brier_score(p, y) <= 1.0
    assert 0.0 <= expected_calibration_error(p, y) <= 1.0


@given(unit, unit)
def test_confidence_does_not_depend_on_which_response_is_called_a(p, y):
    for ours, theirs in zip(as_confidence(p, y), as_confidence(1.0 - p, 1.0 - y), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_confidence_is_of_the_side_taken():
    confidence, right = as_confidence([0.9, 0.2, 0.5], [1.0, 1.0, 1.0])
    np.testing.assert_allclose(confidence, [0.9, 0.8, 0.5])
    np.testing.assert_allclose(right, [1.0, 0.0, 0.5])


def test_brier_score_of_always_saying_one_half():
    assert brier_score([0.5, 0.5], [1.0, 0.0]) == 0.25


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_factor_on_the_log_odds(factor):
    p, y = overconfident(np.random.default_rng(0), 20_000, factor)
    temperature = fit_temperature(p, y)
    assert temperature == pytest.approx(factor, rel=0.05)
    scaled = apply_temperature(p, temperature)
    assert brier_score(scaled, y) <= brier_score(p, y) + 1e-3
    assert expected_calibration_error(scaled, y) < 0.02


@given(unit, st.floats(0.1, 10.0))
def test_a_temperature_never_changes_a_decision(p, temperature):
    scaled = apply_temperature(p, temperature)
    assert ((scaled > 0.5) == (p > 0.5))[np.abs(p - 0.5) > 1e-12].all()


def test_a_temperature_without_an_optimum_ends_at_its_range():
    p = np.array([0.9, 0.8, 0.1])
    assert fit_temperature(p, p > 0.5) == pytest.approx(TEMPERATURE_RANGE[0], rel=1e-3)
    assert fit_temperature(p, p < 0.5) == pytest.approx(TEMPERATURE_RANGE[1], rel=1e-3)


@pytest.mark.parametrize(
    "arguments", [([], []), ([0.5], [0.5, 0.5]), ([1.2], [1.0]), ([np.nan], [1.0])]
)
def test_what_is_no_probability_is_refused(arguments):
    with pytest.raises(ValueError, match=r"shape|lie in"):
        brier_score(*arguments)


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="temperature"):
        apply_temperature([0.5], 0.0)
