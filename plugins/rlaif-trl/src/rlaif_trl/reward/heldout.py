"""Metrics of rewards on held-out preferences, on the scale that they were trained on."""

from __future__ import annotations

from collections.abc import Sequence

from rlaif_trl.preferences.pairs import LabelledPair


def measure(
    margins: Sequence[float], pairs: Sequence[LabelledPair], scale: float
) -> dict[str, float]:
    """Accuracy, loss and calibration on held-out preferences.

    Args:
        margins: r(chosen) - r(rejected) of each pair.
        pairs: The preferences, at least one.
        scale: Factor that makes a margin a log-odds: the raw rewards' deviation, if the margins are
            standardised.

    Returns:
        "accuracy" in [0, 1], ties one half; "heldout_loss" in nats, the Bradley-Terry
        cross-entropy against p_chosen; "heldout_ece" and "heldout_brier" of the probability
        σ(log-odds), folded to the side that it favours, against p_chosen.
    """
    import numpy as np
    from scipy.special import expit

    from rlaif_stats.calibration import as_confidence, brier_score, expected_calibration_error

    odds = scale * np.asarray(margins, dtype=np.float64)
    labels = np.array([pair.p_chosen for pair in pairs])
    confidence, right = as_confidence(expit(odds), labels)
    return {
        "accuracy": float((1 + np.sign(odds)).mean() / 2),
        "heldout_loss": float((np.logaddexp(0, odds) - labels * odds).mean()),
        "heldout_ece": expected_calibration_error(confidence, right),
        "heldout_brier": brier_score(expit(odds), labels),
    }
