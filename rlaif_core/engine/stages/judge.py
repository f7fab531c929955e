"""Judging: pairs that the pairing proposes, or pairs that the user brought."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from rlaif_core.api.pairing import Pairing
from rlaif_core.api.records import JudgedPair
from rlaif_core.data.pairs import GivenPairs
from rlaif_core.engine.judging.failure_limit import require_verdicts
from rlaif_core.engine.judging.given import agreement_in_ledger, judge_given, lead
from rlaif_core.engine.judging.proposals import judge_proposals
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.reliability import measure, measure_against_quality
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.run import JSON, merge


async def run(round_: Round) -> JSON:
    """Judge the round's pairs, and measure the judge.

    Returns:
        saved, verdicts that adaptive voting did not ask for; gated, pairs that a gate decided;
        settled, what a judge learned from all its verdicts together; judge, its metrics; for
        given pairs also the agreement with their labels, see `LabelAgreement.figures`.

    Raises:
        DataError: If the judge returned no verdict at all.
        RunError: If more calls failed than `judge.max_failures` allows.
    """
    session, number = round_.session, round_.number
    judging = await session.judging("judge", round_.judge_checkpoint)
    judging.use_temperature(round_.stage_result("calibrate", "temperature") or 1.0)
    agreement = None
    if round_.given is not None:
        agreement = await judge_given(round_.given, judging, session.progress)
    else:
        pairing: Pairing[Any] = await session.components.get("pairing")
        await judge_proposals(
            session.ledger, session.progress, number, round_.prompts, pairing, judging
        )
    if session.gates:
        require_verdicts(session.ledger, number)
    settled = await judging.settle(number, "train")
    metrics = await measure(session, number, "train")
    figures: JSON = {}
    given = round_.given
    if given is not None and agreement is not None:
        if settled:
            agreement = agreement_in_ledger(session.ledger, given)
        figures = agreement.figures()
        if "labelled" in figures:
            known = await measure_against_quality(
                session, lambda: _with_leads(session, given), "given labels"
            )
            merge(metrics, known)
    return {
        **figures,
        "summary": _summary(round_, judging, figures),
        "saved": judging.saved,
        "gated": judging.gated,
        "settled": settled,
        "judge": metrics,
    }


def _with_leads(session: Session, given: GivenPairs) -> Iterator[tuple[JudgedPair, float | None]]:
    both = zip(session.ledger.judged(0), given, strict=True)
    return ((judged, lead(pair)) for judged, pair in both)


def _summary(round_: Round, judging: JudgeRunner, figures: JSON) -> str:
    ledger, number = round_.session.ledger, round_.number
    counts = ledger.counts(number)
    agreement, _ = ledger.agreement(number)
    parts = [f"{counts['verdicts']} verdicts on {counts['pairs']} pairs"]
    if "accuracy" in figures:
        parts.append(f"accuracy {figures['accuracy']:.1%}")
    if agreement is not None:
        parts.append(f"agreement {agreement:.0%}")
    if counts["abstentions"]:
        parts.append(f"{counts['abstentions']} abstentions")
    if judging.saved:
        parts.append(f"{judging.saved} saved by adaptive voting")
    if judging.gated:
        parts.append(f"{judging.gated} pairs decided by the gate")
    return ", ".join(parts)


async def forecast(round_: Round, whole: Whole) -> AsyncIterator[Forecast]:
    """Judge the sample; every pair is asked as often as the recipe says."""
    await run(round_)
    counts = round_.session.ledger.counts(0)
    played = len(round_.given if round_.given is not None else round_.prompts)
    how = f"{whole.each}, {counts['comparisons'] / played:.3g} comparisons each"
    yield Forecast(whole.times, how, counts["comparisons"])


JUDGE = Stage(
    name="judge",
    run=run,
    applies=lambda recipe: True,
    due=lambda round_: round_.labels,
    forecast=forecast,
)
