import numpy as np
import pytest

from rlaif_stats.jury import (
    effective_judges,
    error_correlation,
    log_odds_weights,
)


def test_log_odds_weights_of_golden_accuracies():
    np.testing.assert_allclose(log_odds_weights([0.9, 0.7, 0.6]), [2.197, 0.847, 0.405], atol=5e-4)


def test_a_judge_worse_than_chance_counts_for_the_other_side():
    assert log_odds_weights(0.3) == pytest.approx(-log_odds_weights(0.7))


@pytest.mark.parametrize("accuracy", [0.0, 1.0, np.nan])
def test_a_certain_judge_has_no_weight(accuracy):
    with pytest.raises(ValueError, match="accuracies"):
        log_odds_weights([accuracy])


@pytest.mark.parametrize(
    ("judges", "correlation", "expected"),
    [
        (3, 0.3, 1.88),
        (3, 0.6, 1.36),
        (5, 0.3, 2.27),
        (5, 0.6, 1.47),
        (9, 0.3, 2.65),
        (9, 0.6, 1.55),
    ],
)
def test_effective_judges_of_golden_juries(judges, correlation, expected):
    assert effective_judges(judges, correlation) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("arguments", [(0, 0.5), (3, 1.1)])
def test_effective_judges_refuses_an_impossible_jury(arguments):
    with pytest.raises(ValueError, match="judges"):
        effective_judges(*arguments)


def test_independent_errors_are_uncorrelated_and_shared_ones_wholly():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 20_000).astype(float)
    errs = rng.random((20_000, 3)) < (0.1, 0.3, 0.4)
    verdicts = np.where(errs, 1.0 - truth[:, None], truth[:, None])
    assert error_correlation(verdicts, truth) == pytest.approx(0.0, abs=0.02)
    assert error_correlation(verdicts[:, [1, 1]], truth) == pytest.approx(1.0)


def test_a_planted_correlation_and_the_jury_it_is_worth_are_found():
    """With probability rho all judges copy one common verdict, so that phi is rho."""
    rng = np.random.default_rng(1)
    n, judges, rho, error = 40_000, 5, 0.3, 0.25
    common = rng.random(n) < error
    pairwise = np.sqrt(rho)  # two judges both copy with probability rho
    copies = rng.random((n, judges)) < pairwise
    errs = np.where(copies, common[:, None], rng.random((n, judges)) < error)
    found = error_correlation(1.0 - errs, np.ones(n))
    assert found == pytest.approx(rho, abs=0.02)
    assert effective_judges(judges, found) == pytest.approx(2.27, abs=0.1)


def test_the_majority_as_truth_hides_shared_errors():
    """The known bias of an estimate without labels: it makes a jury look more independent."""
    rng = np.random.default_rng(2)
    common = rng.random((5_000, 1)) < 0.25
    errs = np.where(rng.random((5_000, 3)) < 0.7, common, rng.random((5_000, 3)) < 0.25)
    verdicts = 1.0 - errs
    majority = (verdicts.mean(axis=1) > 0.5).astype(float)
    assert error_correlation(verdicts, majority) < error_correlation(verdicts, np.ones(5_000))


def test_judges_that_never_err_have_no_correlation():
    assert np.isnan(error_correlation([[1.0, 1.0], [0.0, 0.0]], [1.0, 0.0]))
    assert np.isnan(error_correlation([[1.0, np.nan], [np.nan, 0.0]], [1.0, 0.0]))
    with pytest.raises(ValueError, match="truth"):
        error_correlation([[1.0, 1.0]], [1.0, 0.0])
