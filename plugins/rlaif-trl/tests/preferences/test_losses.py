"""The losses against published and independently computed values."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlaif_trl.preferences.losses import (
    LogRatios,
    PairLoss,
    bradley_terry,
    centring,
    hinge,
    ipo,
    robust,
    smooth,
    sppo,
    weighted_mean,
)

ONE = torch.tensor([1.0], dtype=torch.float64)
CERTAIN = torch.ones(1, dtype=torch.float64)

probabilities = st.floats(0.05, 0.95)
margins = st.floats(-5, 5)


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def minimum(loss) -> float:
    """Minimum of a convex loss of one number, by bisection of its slope."""
    low, high = -30.0, 30.0
    for _ in range(80):
        h = tensor((low + high) / 2).requires_grad_()
        (slope,) = torch.autograd.grad(loss(h).sum(), h)
        low, high = (h.item(), high) if slope.item() < 0 else (low, h.item())
    return low


@pytest.mark.parametrize(("h", "expected"), [(1.0, 0.3132616875), (-1.0, 1.3132616875)])
def test_log_loss_of_a_certain_label(h, expected):
    assert bradley_terry(tensor(h), CERTAIN).item() == pytest.approx(expected, abs=1e-10)


def test_smoothed_labels_give_cdpo():
    loss = bradley_terry(ONE, smooth(CERTAIN, 0.2))
    assert loss.item() == pytest.approx(0.5132616875, abs=1e-10)


def test_cdpo_is_least_at_the_log_odds_of_a_right_label():
    optimum = minimum(lambda h: bradley_terry(h, smooth(CERTAIN, 0.2)))
    assert optimum == pytest.approx(1.3862943611, abs=1e-8)


def test_robust_loss_of_a_right_and_of_a_flipped_label():
    assert robust(ONE, CERTAIN, 0.2).item() == pytest.approx(-0.0200716458, abs=1e-10)
    assert robust(ONE, 1 - CERTAIN, 0.2).item() == pytest.approx(1.6465950208, abs=1e-10)


def test_robust_loss_is_unbiased_over_flips():
    expected = 0.8 * robust(ONE, CERTAIN, 0.2) + 0.2 * robust(ONE, 1 - CERTAIN, 0.2)
    assert expected.item() == pytest.approx(0.3132616875, abs=1e-10)


def test_robust_loss_goes_on_falling_at_a_third_for_large_margins():
    h = tensor(60.0).requires_grad_()
    (slope,) = torch.autograd.grad(robust(h, CERTAIN, 0.2).sum(), h)
    assert slope.item() == pytest.approx(-1 / 3, abs=1e-12)


@given(p=probabilities)
def test_soft_label_is_least_at_its_log_odds(p):
    optimum = minimum(lambda h: bradley_terry(h, tensor(p)))
    assert optimum == pytest.approx(math.log(p / (1 - p)), abs=1e-6)


@given(p=probabilities, beta=st.floats(0.05, 2))
def test_ipo_is_least_where_its_paper_says(p, beta):
    optimum = minimum(lambda difference: ipo(difference, tensor(p), beta))
    assert optimum == pytest.approx((p - 0.5) / beta, abs=1e-6)


@given(p=probabilities, h=margins, beta=st.floats(0.1, 2))
def test_swapping_responses_and_label_changes_nothing(p, h, beta):
    ratios = LogRatios(tensor(h), tensor(-0.3), tensor(7.0), tensor(5.0))
    swapped = LogRatios(tensor(-0.3), tensor(h), tensor(5.0), tensor(7.0))
    for name in ("sigmoid", "sigmoid_norm", "robust", "hinge", "ipo", "sppo_hard"):
        loss = PairLoss(name, beta, 0.1)
        assert loss(ratios, tensor(p)).item() == pytest.approx(
            loss(swapped, tensor(1 - p)).item(), rel=1e-9, abs=1e-9
        )


@given(p=probabilities, h=margins)
def test_soft_loss_is_the_expectation_of_the_certain_ones(p, h):
    for loss in (bradley_terry, hinge, lambda h, p: robust(h, p, 0.2), lambda h, p: ipo(h, p, 0.5)):
        expected = p * loss(tensor(h), CERTAIN) + (1 - p) * loss(tensor(h), 1 - CERTAIN)
        assert loss(tensor(h), tensor(p)).item() == pytest.approx(expected.item(), abs=1e-9)


def test_sppo_pulls_both_ratios_to_half_over_beta_for_a_certain_label():
    assert sppo(tensor(5.0), tensor(-5.0), CERTAIN, beta=0.1).item() == 0


def test_margin_is_inside_the_logistic():
    ratios = LogRatios(tensor(30.0), tensor(20.0), ONE, ONE)
    loss = PairLoss("sigmoid", beta=0.1)(ratios, CERTAIN, margin=tensor(1 / 3))
    assert loss.item() == pytest.approx(math.log1p(math.exp(-(1 - 1 / 3))), abs=1e-12)


def test_margin_changes_the_gradient():
    h = tensor(0.0).requires_grad_()
    without, with_margin = (
        torch.autograd.grad(bradley_terry(h - m, CERTAIN).sum(), h)[0] for m in (0.0, 1.0)
    )
    assert abs(with_margin) > abs(without)


def test_centring_is_nothing_for_opposite_rewards():
    assert centring(tensor(2.0), tensor(-2.0), 0.01).item() == 0
    assert centring(tensor(2.0), tensor(1.0), 0.01).item() == pytest.approx(0.09)


def test_weights_of_one_give_the_mean():
    losses = tensor(1.0, 2.0, 6.0)
    assert weighted_mean(losses, torch.ones_like(losses)).item() == 3.0


def test_a_pair_without_weight_counts_for_nothing():
    assert weighted_mean(tensor(1.0, 100.0), tensor(2.0, 0.0)).item() == 1.0


def test_losses_of_trl_alone_are_refused():
    with pytest.raises(ValueError, match="discopop"):
        PairLoss("discopop", 0.1)(LogRatios(ONE, ONE, ONE, ONE), CERTAIN)
