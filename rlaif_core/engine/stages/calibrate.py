"""Temperature scaling of a judge's soft labels, fitted on pairs whose label is known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray

from rlaif_core.engine.components import POLICY
from rlaif_core.engine.judging.anchors import judge_anchors, read_anchors
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.run import JSON
from rlaif_stats.calibration import (
    TEMPERATURE_RANGE,
    apply_temperature,
    as_confidence,
    brier_score,
    expected_calibration_error,
    fit_temperature,
)

FOLDS = 5

EDGE = 0.01
"""Share of an end of the temperature's range within which the fit has run into that end."""


async def run(round_: Round) -> JSON:
    """Fit the temperature, and measure what it improves.

    Returns:
        temperature; anchors and accuracy; ece and brier, each "before" and "after"; unfit, why
        no temperature could be fitted (then it is 1), or empty. "After" is measured on anchors
        that the temperature was not fitted on (five folds).

    Raises:
        DataError: If too few anchors have a label or get a verdict.
    """
    session = round_.session
    section = session.recipe.file.judge.calibration
    assert section is not None
    anchors = read_anchors(session.recipe.resource(section.anchors))
    judging = await session.judging("judge", round_.judge_checkpoint, gated=False)
    predicted, labels = await judge_anchors(
        session.ledger, judging, round_.number, anchors, "anchors"
    )
    temperature = fit_temperature(predicted, labels)
    before = _quality(predicted, labels)
    after = _quality(crossfitted(predicted, labels), labels)
    unfit = _unfit(temperature)
    if unfit:
        session.progress.note(f"WARNING: calibration: {unfit}; labels stay as they are")
        temperature, after = 1.0, before
    return {
        "temperature": temperature,
        "unfit": unfit,
        "anchors": len(predicted),
        "accuracy": float(as_confidence(predicted, labels)[1].mean()),
        **{name: {"before": before[name], "after": after[name]} for name in before},
        "summary": f"temperature {temperature:.2f} on {len(predicted)} anchors, "
        f"ECE {before['ece']:.3f} → {after['ece']:.3f}",
    }


def _unfit(temperature: float) -> str:
    """The reason why a fitted temperature means nothing; empty if it does."""
    coldest, hottest = TEMPERATURE_RANGE
    if temperature < coldest * (1.0 + EDGE):
        return "the judge is right on every anchor, so they cannot tell how sure it may be"
    if temperature > hottest * (1.0 - EDGE):
        return "the judge is no better than chance on the anchors"
    return ""


def crossfitted(predicted: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each probability at the temperature that the other folds give.

    Args:
        predicted: shape (n,), in [0, 1].
        labels: shape (n,), in [0, 1].

    Returns:
        shape (n,).
    """
    fold = np.arange(len(predicted)) % FOLDS
    after = np.empty_like(predicted)
    for number in range(FOLDS):
        inside = fold == number
        temperature = fit_temperature(predicted[~inside], labels[~inside])
        after[inside] = apply_temperature(predicted[inside], temperature)
    return after


def _quality(predicted: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    confidence, right = as_confidence(predicted, labels)
    return {
        "ece": expected_calibration_error(confidence, right),
        "brier": brier_score(predicted, labels),
    }


async def forecast(round_: Round, whole: Whole) -> AsyncIterator[Forecast]:
    """Judge the anchors once; only a judge that is the policy answers anew in later rounds."""
    session = round_.session
    section = session.recipe.file.judge.calibration
    assert section is not None
    anchors = read_anchors(session.recipe.resource(section.anchors))
    judging = await session.judging(gated=False)
    await judging.judge(0, "calibrate", [pair.shown for pair in anchors])
    changes = POLICY in session.recipe.models_of("judge").values()
    rounds = session.recipe.file.rounds.n if changes else 1
    yield Forecast(rounds, f"{rounds} × {len(anchors)} anchors", len(anchors))


CALIBRATE = Stage(
    name="calibrate",
    run=run,
    due=lambda round_: round_.labels,
    applies=lambda recipe: recipe.file.judge.calibration is not None,
    forecast=forecast,
)
