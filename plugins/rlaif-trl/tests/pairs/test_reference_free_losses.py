"""ORPO, SimPO and CPO against TRL's own losses, and their laws."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlaif_trl.pairs.reference_free_losses import LogProbs, ReferenceFreeLoss, log_odds

CERTAIN = torch.ones(2, dtype=torch.float64)
LOGPS = LogProbs(
    chosen=torch.tensor([-4.0, -9.0], dtype=torch.float64),
    rejected=torch.tensor([-6.0, -5.0], dtype=torch.float64),
    chosen_tokens=torch.tensor([2, 3]),
    rejected_tokens=torch.tensor([4, 2]),
)


def trl(**settings) -> SimpleNamespace:
    """The trainer's attributes that TRL's losses read."""
    device = SimpleNamespace(device=torch.device("cpu"))
    return SimpleNamespace(accelerator=device, alpha=0.0, label_smoothing=0.0, **settings)


def test_orpo_is_trls_odds_ratio_and_the_likelihood_of_the_response():
    from trl.experimental.orpo import ORPOTrainer

    theirs = ORPOTrainer.odds_ratio_loss(trl(beta=0.3), *(means.float() for means in LOGPS.means))[
        0
    ]
    ours = ReferenceFreeLoss("orpo", 0.3, likelihood=1.0)(LOGPS, CERTAIN)
    expected = -LOGPS.means[0] - theirs.double()  # TRL's sign: it subtracts what it returns
    assert torch.allclose(ours, expected, atol=1e-6)


def test_simpo_is_trls():
    from trl.experimental.cpo import CPOTrainer

    settings = trl(beta=2.0, simpo_gamma=0.5, loss_type="simpo")
    theirs = CPOTrainer.cpo_loss(settings, *LOGPS.means)[0]
    ours = ReferenceFreeLoss("simpo", 2.0, gamma=0.5)(LOGPS, CERTAIN)
    assert torch.allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("loss", ["sigmoid", "hinge", "ipo"])
def test_cpo_is_trls(loss):
    from trl.experimental.cpo import CPOTrainer

    settings = trl(beta=0.2, simpo_gamma=0.0, loss_type=loss)
    theirs = CPOTrainer.cpo_loss(settings, LOGPS.chosen, LOGPS.rejected)[0]
    assert torch.allclose(ReferenceFreeLoss(loss, 0.2)(LOGPS, CERTAIN), theirs, atol=1e-9)


def test_log_odds_are_those_of_the_mean_token():
    assert log_odds(torch.tensor([0.25]).log()).item() == pytest.approx(-1.0986123, abs=1e-6)


@given(
    st.sampled_from(["orpo", "simpo", "sigmoid", "hinge", "ipo"]),
    st.floats(0, 1),
    st.floats(-20, -0.1),
    st.floats(-20, -0.1),
)
def test_swapping_responses_and_label_changes_nothing(name, p, one, other):
    loss = ReferenceFreeLoss(name, 0.5, gamma=0.3, likelihood=0.2)
    label, tokens = torch.tensor([p]).double(), torch.tensor([3])
    first, second = torch.tensor([one]).double(), torch.tensor([other]).double()
    shown = loss(LogProbs(first, second, tokens, tokens), label)
    swapped = loss(LogProbs(second, first, tokens, tokens), 1 - label)
    assert torch.allclose(shown, swapped)
