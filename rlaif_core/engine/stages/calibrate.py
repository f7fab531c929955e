"""Temperature scaling of a judge's soft labels, fitted on pairs whose label is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict

from rlaif_core.engine.components import POLICY
from rlaif_core.engine.judging.anchors import judge_anchors, read_anchors
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.run import JSON
from rlaif_stats.calibration import as_confidence
from rlaif_stats.temperature_scaling import scale_temperature


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
    scaling = scale_temperature(predicted, labels)
    before, after = asdict(scaling.before), asdict(scaling.after)
    if scaling.unfit:
        session.progress.note(f"WARNING: calibration: {scaling.unfit}; labels stay as they are")
    return {
        "temperature": scaling.temperature,
        "unfit": scaling.unfit,
        "anchors": len(predicted),
        "accuracy": float(as_confidence(predicted, labels)[1].mean()),
        **{name: {"before": before[name], "after": after[name]} for name in before},
        "summary": f"temperature {scaling.temperature:.2f} on {len(predicted)} anchors, "
        f"ECE {before['ece']:.3f} → {after['ece']:.3f}",
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
