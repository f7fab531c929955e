"""Metrics on held-out preferences."""

import math

import pytest

from rlaif_core.api import Message
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.heldout import measure


def pairs(*labels):
    prompt = (Message("user", "?"),)
    return [LabelledPair("p", prompt, "a", "b", p, 2 * p - 1, 1.0) for p in labels]


def test_accuracy_counts_a_tie_one_half():
    assert measure([1.0, -1.0, 0.0], pairs(0.9, 0.9, 0.9), 1.0)["accuracy"] == 0.5


def test_the_loss_is_taken_on_the_scale_of_training():
    measured = measure([0.5], pairs(1.0), scale=2.0)
    assert measured["heldout_loss"] == pytest.approx(math.log(1 + math.exp(-1)))


def test_rewards_whose_log_odds_are_the_labels_are_calibrated():
    labels = [0.6, 0.75, 0.9]
    margins = [math.log(p / (1 - p)) / 3 for p in labels]
    measured = measure(margins, pairs(*labels), scale=3.0)
    assert measured["heldout_brier"] == pytest.approx(0, abs=1e-12)
    assert measured["heldout_ece"] == pytest.approx(0, abs=1e-12)


def test_overconfidence_is_told():
    sure = measure([9.0] * 4, pairs(0.6, 0.6, 0.6, 0.6), 1.0)
    assert sure["accuracy"] == 1.0
    assert sure["heldout_ece"] == pytest.approx(0.4, abs=1e-3)
