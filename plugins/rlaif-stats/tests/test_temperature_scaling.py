"""Temperature scaling: what it fits, when it cannot, and what it improves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rlaif_stats.temperature_scaling import scale_temperature


def test_an_overconfident_judge_is_cooled_to_how_often_it_is_right() -> None:
    labels = np.tile([1.0, 1.0, 1.0, 0.0], 10)
    scaling = scale_temperature(np.full(40, 0.99), labels)
    assert scaling.temperature == pytest.approx(math.log(99) / math.log(3), rel=1e-3)
    assert scaling.unfit == ""
    assert scaling.before.ece == pytest.approx(0.24)
    assert scaling.after.ece < 0.1
    assert scaling.after.brier < scaling.before.brier


@pytest.mark.parametrize("p", [0.6, 0.9, 0.95, 0.999, 1.0])
@pytest.mark.parametrize(("label", "why"), [(1.0, "right on every anchor"), (0.0, "than chance")])
def test_labels_that_cannot_tell_leave_probabilities_as_they_are(
    label: float, why: str, p: float
) -> None:
    scaling = scale_temperature(np.full(24, p), np.full(24, label))
    assert why in scaling.unfit
    assert scaling.temperature == 1.0
    assert scaling.after == scaling.before
