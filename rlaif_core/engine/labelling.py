"""Judging data that exists already: `rlaif judge`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rlaif_core.api.errors import RunError
from rlaif_core.api.records import JudgedPair, Preference, digest
from rlaif_core.engine.folder import RunFolder
from rlaif_core.engine.metrics import JSON, cost, finite, judge_metrics
from rlaif_core.engine.pairing import candidate, rank
from rlaif_core.engine.pairs_file import GivenPair, Label, read_pairs
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.selection import keep
from rlaif_core.engine.session import Session, opened
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.stats.agreement import cohen_kappa, confusion_matrix
from rlaif_core.stats.position import position_consistency

WINDOW = 1024


async def label_pairs(recipe: Recipe, file: Path, folder: RunFolder, progress: Progress) -> JSON:
    """Label the pairs in `file` with the recipe's judge.

    Returns:
        What metrics.json holds: pairs, verdicts, abstentions, ties, and against the labels that
        the file gives: accuracy (share of the verdicts asked that are right: an abstention is
        none), accuracy_by_order, both_right, position_agreement, kappa.

    Raises:
        RlaifError: With what to mend; all that was paid for stays in the ledger.
    """
    given = read_pairs(file)
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        _same_pairs(session, file, given)
        session.ledger.keep_prompts("train", [one.prompt for one in given])
        session.ledger.keep_responses(
            0, "train", [response for one in given for response in (one.a, one.b)]
        )

        async def work() -> JSON:
            return await _judge(session, given)

        try:
            figures = await session.stage(0, "judge", None, work)
            await session.stage(0, "select", None, lambda: _select(session))
        finally:
            session.parts.keep_counts()
        session.metrics = finite(
            {
                **{name: value for name, value in figures.items() if name != "summary"},
                "preferences": session.ledger.kept(0),
                "dropped": {**session.ledger.drops(0), **_lost(session)},
                "judge": judge_metrics(session.ledger, 0),
                "cost": cost(session.ledger),
                "seconds": {
                    name: round(spent, 3) for _, name, spent, *_ in session.ledger.stages()
                },
            }
        )
        folder.write_json("metrics.json", session.metrics)
        return session.metrics


def _same_pairs(session: Session, file: Path, given: Sequence[GivenPair]) -> None:
    """Refuse a run directory whose verdicts are about other pairs."""
    now = digest(*((one.prompt.id, one.a.id, one.b.id, one.label) for one in given))
    before = session.ledger.meta("pairs")
    if before not in (None, now):
        raise RunError(
            f"{session.folder.path} holds verdicts on other pairs than {file}: choose another "
            "--run-dir"
        )
    session.ledger.set_meta("pairs", now)


async def _judge(session: Session, given: Sequence[GivenPair]) -> JSON:
    judging = await session.judging()
    items = [(one.prompt, (one.a, one.b)) for one in given]
    session.progress.grow(sum(len(judging.expand(*item)) for item in items[:1]) * len(items))
    judged: list[JudgedPair] = []
    for start in range(0, len(items), WINDOW):
        judged += await judging.judge(0, "train", items[start : start + WINDOW])
    figures = measure(judged, [one.label for one in given])
    summary = f"{figures['verdicts']} verdicts on {figures['pairs']} pairs"
    if "accuracy" in figures:
        summary += f", accuracy {figures['accuracy']:.1%}"
    return {**figures, "summary": summary}


def measure(judged: Sequence[JudgedPair], labels: Sequence[Label | None]) -> JSON:
    """How the verdicts compare with each other and with given labels.

    Args:
        judged: n judged pairs.
        labels: n labels; None where nobody said.
    """
    votes = [vote for pair in judged for vote in pair.votes]
    said = [side(vote.p_a) for vote in votes]
    figures: JSON = {
        "pairs": len(judged),
        "comparisons": len(votes),
        "verdicts": sum(one is not None for one in said),
        "abstentions": sum(one is None for one in said),
        "ties": sum(one == "tie" for one in said),
    }
    ab, ba = _both_orders(judged)
    if len(ab):
        figures["position_agreement"] = position_consistency(ab, ba).value
    if any(label is not None for label in labels):
        figures |= _against_labels(judged, labels)
    return figures


def side(p_a: float | None) -> Label | None:
    """Which response a probability favours."""
    if p_a is None:
        return None
    return "tie" if p_a == 0.5 else "a" if p_a > 0.5 else "b"


def _both_orders(judged: Sequence[JudgedPair]) -> tuple[Any, Any]:
    found: list[tuple[float, float]] = []
    for pair in judged:
        by_vote: dict[int, dict[str, float]] = {}
        for vote in pair.votes:
            p = math.nan if vote.p_a is None else vote.p_a
            by_vote.setdefault(vote.index, {})[vote.order] = p
        found += [(one["ab"], one["ba"]) for one in by_vote.values() if len(one) == 2]
    ab, ba = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return ab, ba


def _against_labels(judged: Sequence[JudgedPair], labels: Sequence[Label | None]) -> JSON:
    right: dict[str, list[bool]] = {}
    pairs_right, verdicts, truths = [], [], []
    for pair, label in zip(judged, labels, strict=True):
        if label is None:
            continue
        sides = [(vote.order, side(vote.p_a)) for vote in pair.votes]
        for order, said in sides:
            right.setdefault(order, []).append(said == label)
            if said is not None:
                verdicts.append(said)
                truths.append(label)
        if len({order for order, _ in sides}) == 2:
            pairs_right.append(all(said == label for _, said in sides))
    every = [one for many in right.values() for one in many]
    figures: JSON = {
        "labelled": sum(label is not None for label in labels),
        "accuracy": sum(every) / len(every),
        "accuracy_by_order": {order: sum(many) / len(many) for order, many in right.items()},
        "kappa": float(cohen_kappa(confusion_matrix(verdicts, truths))) if verdicts else None,
    }
    if pairs_right:
        figures["both_right"] = sum(pairs_right)
    return figures


async def _select(session: Session) -> JSON:
    """Every decided pair is a candidate; the recipe's filters decide."""
    preferences: list[Preference] = []
    losses: list[tuple[str, str, int]] = []
    for pair in session.ledger.judged(0):
        better = (pair.a, pair.b) if pair.p_a is None or pair.p_a >= 0.5 else (pair.b, pair.a)
        outcome = candidate(rank(pair.prompt, (pair.a, pair.b), [pair]), better)
        if isinstance(outcome, Preference):
            preferences.append(outcome)
        else:
            losses.append((pair.prompt.id, outcome, 1))
    return await keep(session, 0, preferences, losses)


def _lost(session: Session) -> dict[str, int]:
    return {reason: count for _, reason, count in session.ledger.losses(0)}
