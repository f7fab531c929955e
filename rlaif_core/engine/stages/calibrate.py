"""Temperature scaling of a judge's soft labels, fitted on pairs whose label is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api.errors import DataError
from rlaif_core.data.pairs import GivenPair, Label, read_pairs
from rlaif_core.metrics.run import JSON
from rlaif_stats.calibration import (
    TEMPERATURE_RANGE,
    apply_temperature,
    as_confidence,
    brier_score,
    expected_calibration_error,
    fit_temperature,
)

if TYPE_CHECKING:
    from rlaif_core.engine.judging.runner import Judging
    from rlaif_core.engine.session import Session

FEWEST = 20
"""Anchors with a verdict below which a temperature would be noise."""

FOLDS = 5

EDGE = 0.01
"""Share of an end of the temperature's range within which the fit has run into that end."""

OUTCOME: dict[Label, float] = {"a": 1.0, "b": 0.0, "tie": 0.5}


def read_anchors(session: Session, path: str) -> list[GivenPair]:
    """Pairs with labels, from a file that the recipe names.

    Raises:
        DataError: If too few of them have a label.
    """
    file = session.recipe.resource(path)
    labelled = [one for one in read_pairs(file) if one.label is not None]
    if len(labelled) < FEWEST:
        raise DataError(
            f"{file}: {len(labelled)} pairs with a label, and anchors need at least {FEWEST}: "
            "label more"
        )
    return labelled


async def judge_anchors(
    session: Session, judging: Judging, round: int, anchors: Sequence[GivenPair], split: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The judge's probabilities that A is better, and the outcomes, where it did not abstain.

    Returns:
        Two arrays of shape (n,).

    Raises:
        DataError: If it abstained on too many.
    """
    session.ledger.keep_prompts(split, [one.prompt for one in anchors])
    session.ledger.keep_responses(
        round, split, [response for one in anchors for response in (one.a, one.b)]
    )
    judged = await judging.judge(round, split, [(one.prompt, (one.a, one.b)) for one in anchors])
    known = [
        (pair.p_a, OUTCOME[one.label])
        for pair, one in zip(judged, anchors, strict=True)
        if pair.p_a is not None and one.label is not None
    ]
    if len(known) < FEWEST:
        raise DataError(
            f"the judge gave a verdict on {len(known)} of {len(anchors)} anchors, and {FEWEST} "
            "are needed: look at its abstentions in the report"
        )
    said, outcomes = np.array(known).T
    return said, outcomes


async def calibrate(session: Session, judging: Judging, round: int, path: str) -> JSON:
    """Fit the temperature, and measure what it mends.

    Returns:
        temperature; anchors and accuracy; ece and brier, each "before" and "after"; unfit, why
        no temperature could be fitted (then it is 1), or empty. "After" is measured on anchors
        that the temperature was not fitted on (five folds).
    """
    anchors = read_anchors(session, path)
    said, outcomes = await judge_anchors(session, judging, round, anchors, "anchors")
    temperature = fit_temperature(said, outcomes)
    after = crossfitted(said, outcomes)
    before = _quality(said, outcomes)
    mended = _quality(after, outcomes)
    unfit = _unfit(temperature)
    if unfit:
        session.progress.note(f"WARNING: calibration: {unfit}; labels stay as they are")
        temperature, mended = 1.0, before
    figures: JSON = {
        "temperature": temperature,
        "unfit": unfit,
        "anchors": len(said),
        "accuracy": float(as_confidence(said, outcomes)[1].mean()),
        **{name: {"before": before[name], "after": mended[name]} for name in before},
    }
    figures["summary"] = (
        f"temperature {temperature:.2f} on {len(said)} anchors, "
        f"ECE {before['ece']:.3f} → {mended['ece']:.3f}"
    )
    return figures


def _unfit(temperature: float) -> str:
    """Why a fitted temperature means nothing; empty if it does."""
    coldest, hottest = TEMPERATURE_RANGE
    if temperature < coldest * (1.0 + EDGE):
        return "the judge is right on every anchor, so they cannot tell how sure it may be"
    if temperature > hottest * (1.0 - EDGE):
        return "the judge is no better than chance on the anchors"
    return ""


def crossfitted(said: NDArray[np.float64], outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each probability at the temperature that the other folds give.

    Args:
        said: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1].

    Returns:
        shape (n,).
    """
    fold = np.arange(len(said)) % FOLDS
    after = np.empty_like(said)
    for one in range(FOLDS):
        inside = fold == one
        temperature = fit_temperature(said[~inside], outcomes[~inside])
        after[inside] = apply_temperature(said[inside], temperature)
    return after


def _quality(said: NDArray[np.float64], outcomes: NDArray[np.float64]) -> dict[str, float]:
    confidence, right = as_confidence(said, outcomes)
    return {
        "ece": expected_calibration_error(confidence, right),
        "brier": brier_score(said, outcomes),
    }
