"""The divergence's estimators as losses: what their gradients hold a policy to."""

import numpy as np
import pytest

from rlaif_stats.divergence import k1, k3
from tests.support.divergence import k2

P, Q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])


def slope(estimator) -> list[float]:
    """Gradient by the logits of the estimator's mean over samples of P, by finite differences."""

    def loss(logits: np.ndarray) -> float:
        logs = logits - np.log(np.exp(logits).sum())
        return float(P @ estimator(logs - np.log(Q)))

    start, step = np.log(P), 1e-5
    sides = [
        (loss(start + step * direction), loss(start - step * direction)) for direction in np.eye(3)
    ]
    return [(above - below) / (2 * step) for above, below in sides]


@pytest.mark.parametrize(
    ("estimator", "golden"),
    [
        (k1, [0.0, 0.0, 0.0]),
        (k2, [0.0989381700, -0.0938847658, -0.0050534308]),  # that of KL(policy‖reference)
        (k3, [0.1, -0.1, 0.0]),  # that of KL(reference‖policy)
    ],
)
def test_gradients_are_the_golden_ones(estimator, golden):
    assert slope(estimator) == pytest.approx(golden, abs=1e-7)
