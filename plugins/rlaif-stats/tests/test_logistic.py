import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import expit, logit

from rlaif_stats.logistic import fit_logistic


def test_an_intercept_alone_is_the_log_odds():
    fit = fit_logistic(np.ones((10, 1)), np.repeat([1.0, 0.0], [7, 3]))
    assert fit.coefficients[0] == pytest.approx(logit(0.7))
    assert fit.hessian[0, 0] == pytest.approx(10 * 0.7 * 0.3)
    assert fit.log_likelihood == pytest.approx(7 * np.log(0.7) + 3 * np.log(0.3))


def test_dense_sparse_and_weighted_designs_give_one_fit():
    rng = np.random.default_rng(0)
    design = rng.normal(size=(300, 3))
    targets = expit(design @ [1.0, -2.0, 0.5])
    dense = fit_logistic(design, targets)
    sparse = fit_logistic(csr_array(design), targets)
    halves = fit_logistic(np.tile(design, (2, 1)), np.tile(targets, 2), np.full(600, 0.5))
    for fit in (dense, sparse, halves):
        np.testing.assert_allclose(fit.coefficients, [1.0, -2.0, 0.5], atol=1e-7)
        np.testing.assert_allclose(fit.hessian, dense.hessian, rtol=1e-6)


def test_a_penalty_holds_separated_data():
    fit = fit_logistic(np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]), penalty=np.eye(1))
    slope = fit.coefficients[0]
    assert slope == pytest.approx(2.0 * expit(-slope))


def test_a_rare_column_is_fitted_as_well_as_a_common_one():
    design = np.zeros((1_000_010, 2))
    design[:1_000_000, 0], design[1_000_000:, 1] = 1.0, 1.0
    targets = np.zeros(1_000_010)
    targets[:300_000], targets[1_000_000:1_000_007] = 1.0, 1.0
    fit = fit_logistic(design, targets)
    np.testing.assert_allclose(fit.coefficients, [logit(0.3), logit(0.7)], atol=1e-3)


@pytest.mark.parametrize("weights", [np.ones(3), np.zeros(2)])
def test_what_cannot_be_fitted_is_refused(weights):
    with pytest.raises(ValueError, match=r"shapes|add up to 0"):
        fit_logistic(np.ones((2, 1)), np.array([1.0, 0.0]), weights)
