"""Judging pairs that exist already, and comparing the verdicts with the labels they came with."""

from __future__ import annotations

from contextlib import aclosing
from itertools import tee

from rlaif_core.api.records import JudgedPair
from rlaif_core.data.pairs import LABEL_PROBABILITY, GivenPair, GivenPairs
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.progress import Progress
from rlaif_core.store.ledger import Reader
from rlaif_stats.label_agreement import LabelAgreement, Vote


async def judge_given(
    pairs: GivenPairs, judging: JudgeRunner, progress: Progress
) -> LabelAgreement:
    """Judge every pair, a window at a time; the ledger keeps the verdicts."""
    progress.grow(len(judging.expand(*next(iter(pairs)).shown)) * len(pairs))
    agreement = LabelAgreement()
    shown, labelled = tee(pairs)
    stream = judging.stream(0, "train", (pair.shown for pair in shown))
    async with aclosing(stream) as windows:
        async for window in windows:
            for judged, given in zip(window, labelled, strict=False):  # labels go on
                agreement.add(_votes(judged), given.label)
    judging.finish()
    return agreement


def agreement_in_ledger(ledger: Reader, pairs: GivenPairs) -> LabelAgreement:
    """The same from the ledger, once its labels have been settled anew."""
    agreement = LabelAgreement()
    for judged, given in zip(ledger.judged(0), pairs, strict=True):
        agreement.add(_votes(judged), given.label)
    return agreement


def _votes(pair: JudgedPair) -> list[Vote]:
    return [(vote.index, vote.order, vote.p_a) for vote in pair.votes]


def lead(pair: GivenPair) -> float | None:
    """A's lead in quality by the pair's label, in [-1, 1]; None without a label."""
    return None if pair.label is None else 2.0 * LABEL_PROBABILITY[pair.label] - 1.0
