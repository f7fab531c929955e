"""`rlaif judge`: labels for pairs that exist already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rlaif_core.api.errors import RunError
from rlaif_core.data.pairs import GivenPair, GivenPairs
from rlaif_core.engine.pipeline import JUDGE_PAIRS, play_round
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session, opened
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON, cost, finite, judge_metrics, stage_metrics
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.run_dir import RunFolder

UNREPORTED = frozenset({"summary", "saved", "gated", "settled", "judge"})
"""Figures of the judge stage that metrics.json has elsewhere, or not at all."""


async def label_pairs(
    recipe: Recipe,
    read: Callable[[], Iterator[GivenPair]],
    folder: RunFolder,
    progress: Progress,
    *,
    pipeline: tuple[Stage, ...] = JUDGE_PAIRS,
) -> JSON:
    """Label pairs with the recipe's judge.

    Args:
        recipe: Its judge, filters, guards, validation and second judge are used.
        read: Begins the pairs anew each time it is called; ids unique.
        folder: The run directory.
        progress: Told how it goes.
        pipeline: The stages.

    Returns:
        The content of metrics.json: pairs, verdicts, abstentions, ties, and against the labels
        that the file gives: accuracy (share of the verdicts asked that are right: an abstention is
        none), accuracy_by_order, both_right, position_agreement, kappa; `stopped`, the reason, if
        a guard ended it or people are waited for.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the ledger.
    """
    pairs = GivenPairs(read)
    fingerprint = pairs.fingerprint  # reads every row, so that a bad one is reported now
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        _require_same(session, fingerprint)
        round_ = Round(session, 0, given=pairs)
        try:
            stopped = await play_round(round_, pipeline)
        finally:
            session.components.keep_counts()
        session.metrics = finite(_metrics(session, stopped))
        folder.write_json("metrics.json", session.metrics)
        if stopped:
            progress.note(f"stopped in {stopped}")
        return session.metrics


def _require_same(session: Session, fingerprint: str) -> None:
    ledger = session.ledger
    if ledger.meta("pairs") not in (None, fingerprint):
        raise RunError(
            f"{session.folder.path} holds verdicts on other pairs than these: choose another "
            "--run-dir"
        )
    ledger.set_meta("pairs", fingerprint)


def _metrics(session: Session, stopped: str) -> JSON:
    ledger = session.ledger
    _, judged, _ = ledger.stage(0, "judge")
    lost = {reason: count for _, reason, count in ledger.rows.excluded(0)}
    settled = {"settled": judged["settled"]} if judged.get("settled") else {}
    return {
        **{name: value for name, value in judged.items() if name not in UNREPORTED},
        **settled,
        "preferences": ledger.kept(0),
        "dropped": {**ledger.drops(0), **lost},
        "judge": judge_metrics(ledger, 0) | stage_metrics(ledger, 0),
        "cost": cost(ledger),
        "seconds": {name: round(spent, 3) for _, name, spent, *_ in ledger.stages()},
        **({"stopped": stopped} if stopped else {}),
    }
