"""Judging data that exists already: `rlaif judge`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import aclosing
from itertools import islice, tee

from rlaif_core.api.errors import RunError
from rlaif_core.api.pairing import Pair, Ranking
from rlaif_core.api.records import JudgedPair, Preference, Prompt
from rlaif_core.data.pairs import GivenPair, Label
from rlaif_core.engine.judging.failure_limit import need_verdicts
from rlaif_core.engine.judging.preferences import candidate
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.session import Session, opened
from rlaif_core.engine.stages.calibrate import calibrate
from rlaif_core.engine.stages.second_judge import asks_again, second_opinion
from rlaif_core.engine.stages.select import Loss, keep
from rlaif_core.metrics.label_agreement import Tally
from rlaif_core.metrics.run import JSON, cost, finite, judge_metrics, merge
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.run_dir import RunFolder
from rlaif_judge_metrics import measure_judge, measure_length

WINDOW = 1024
"""Pairs copied to the ledger at once."""

Pairs = Callable[[], Iterator[GivenPair]]
"""Begins the same pairs anew: they are read several times, and never held all at once."""

LEAD: dict[Label, float] = {"a": 1.0, "b": -1.0, "tie": 0.0}
"""How much better A is, by what a label says."""


async def label_pairs(
    recipe: Recipe,
    pairs: Pairs,
    folder: RunFolder,
    progress: Progress,
    *,
    second_opinions: bool = True,
) -> JSON:
    """Label pairs with the recipe's judge.

    Args:
        recipe: Its judge and filters are used.
        pairs: Begins the pairs anew each time it is called; ids unique.
        folder: The run directory.
        progress: Told how it goes.
        second_opinions: Whether the recipe's second judge is asked too. A probe tries one judge.

    Returns:
        What metrics.json holds: pairs, verdicts, abstentions, ties, and against the labels that
        the file gives: accuracy (share of the verdicts asked that are right: an abstention is
        none), accuracy_by_order, both_right, position_agreement, kappa.

    Raises:
        RlaifError: With what to mend; all that was paid for stays in the ledger.
    """
    count, fingerprint = _survey(pairs)
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        _copy(session, pairs, fingerprint)

        async def work() -> JSON:
            return await _judge(session, pairs, count)

        section = recipe.file.judge.calibration

        async def fit() -> JSON:
            assert section is not None
            return await calibrate(session, await session.judging(gated=False), 0, section.anchors)

        try:
            if section is not None:
                await session.stage(0, "calibrate", None, fit)
            figures = await session.stage(0, "judge", None, work)
            if second_opinions and asks_again(recipe):
                await session.stage(0, "second_opinion", None, lambda: second_opinion(session, 0))
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


def _survey(pairs: Pairs) -> tuple[int, str]:
    """How many pairs there are and what names them; every row is read, so a bad one is told now.

    The pairs themselves are read again whenever they are needed, a window at a time: a file of
    any length fits in memory.
    """
    seen, count = hashlib.sha256(), 0
    for one in pairs():
        seen.update(repr((one.prompt.id, one.a.id, one.b.id, one.label)).encode())
        count += 1
    return count, seen.hexdigest()


def _copy(session: Session, pairs: Pairs, fingerprint: str) -> None:
    """Copy prompts and responses to the ledger.

    Raises:
        RunError: If the run directory holds verdicts on other pairs.
    """
    ledger, before = session.ledger, session.ledger.meta("pairs")
    if before == fingerprint:
        return
    if before is not None:
        raise RunError(
            f"{session.folder.path} holds verdicts on other pairs than these: choose another "
            "--run-dir"
        )
    rest, start = pairs(), 0
    while window := list(islice(rest, WINDOW)):
        ledger.keep_prompts("train", [one.prompt for one in window], start)
        ledger.keep_responses(
            0, "train", [response for one in window for response in (one.a, one.b)]
        )
        start += len(window)
    ledger.set_meta("pairs", fingerprint)


async def _judge(session: Session, pairs: Pairs, count: int) -> JSON:
    judging = await session.judging()
    judging.temperature = session.ledger.stage(0, "calibrate")[1].get("temperature", 1.0)
    first = next(pairs())
    session.progress.grow(len(judging.expand(*_item(first))) * count)
    tally = Tally()
    asked, labels = tee(pairs())
    stream = judging.stream(0, "train", map(_item, asked))
    async with aclosing(stream) as windows:
        async for window in windows:
            for judged, given in zip(window, labels, strict=False):  # labels go on
                tally.add(judged, given.label)
    judging.finish()
    need_verdicts(session.ledger, 0)
    settled = await judging.settle(0, "train")
    if settled:
        tally = Tally()
        for judged, given in zip(session.ledger.judged(0), pairs(), strict=True):
            tally.add(judged, given.label)
    figures = tally.figures()
    summary = f"{figures['verdicts']} verdicts on {figures['pairs']} pairs"
    if "accuracy" in figures:
        summary += f", accuracy {figures['accuracy']:.1%}"
    measured = measure_judge(session.ledger, 0)
    if "labelled" in figures:
        both = zip(session.ledger.judged(0), pairs(), strict=True)
        leads = ((pair, given.label and LEAD[given.label]) for pair, given in both)
        merge(measured, measure_length(leads, "given labels"))
    if settled:
        measured["settled"] = settled
    return {**figures, "summary": summary, "judge": measured}


def _item(given: GivenPair) -> tuple[Prompt, Pair]:
    return given.prompt, (given.a, given.b)


async def _select(session: Session) -> JSON:
    """Every decided pair is a candidate; the recipe's filters decide."""
    return await keep(session, 0, map(_candidate, session.ledger.judged(0)))


def _candidate(pair: JudgedPair) -> Preference | Loss:
    better = (pair.a, pair.b) if pair.p_a is None or pair.p_a >= 0.5 else (pair.b, pair.a)
    outcome = candidate(Ranking(pair.prompt, (pair.a, pair.b), (pair,), {}), better)
    return outcome if isinstance(outcome, Preference) else Loss(pair.prompt.id, outcome, 1)


def _lost(session: Session) -> dict[str, int]:
    return {reason: count for _, reason, count in session.ledger.losses(0)}
