"""True if differences of rewards are log-odds of being preferred, up to one scale."""

from __future__ import annotations

from collections.abc import Sequence

from rlaif_core.api import Preference


def calibration(margins: Sequence[float], heldout: Sequence[Preference]) -> dict[str, float]:
    """Calibration of σ(margin / T) against the judge's p_chosen.

    Standard rewards have no scale of their own, so the temperature T is fitted, for each half of
    the prompts on the other half: no pair is measured with a T that has seen its prompt.

    Args:
        margins: r(chosen) - r(rejected), standardised rewards.
        heldout: The preferences, as many.

    Returns:
        `calibration_ece` and `calibration_brier`, both in [0, 1] and lower the better, and
        `calibration_temperature`, T fitted on all; nothing for fewer than two prompts.
    """
    import numpy as np
    from scipy.special import expit

    from rlaif_stats.calibration import (
        apply_temperature,
        as_confidence,
        brier_score,
        expected_calibration_error,
        fit_temperature,
    )

    prompts = sorted({item.prompt.id for item in heldout})
    if len(prompts) < 2:
        return {}
    half = {prompt: place % 2 for place, prompt in enumerate(prompts)}
    second = np.array([half[item.prompt.id] == 1 for item in heldout])
    raw = expit(np.asarray(margins, dtype=np.float64))
    labels = np.array([item.p_chosen for item in heldout])
    scaled = np.empty_like(raw)
    for measured in (second, ~second):
        temperature = fit_temperature(raw[~measured], labels[~measured])
        scaled[measured] = apply_temperature(raw[measured], temperature)
    return {
        "calibration_ece": expected_calibration_error(*as_confidence(scaled, labels)),
        "calibration_brier": brier_score(scaled, labels),
        "calibration_temperature": fit_temperature(raw, labels),
    }
