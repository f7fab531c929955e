"""Anchors: pairs with a known label that a judge is held against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api.errors import DataError
from rlaif_core.data.pairs import LABEL_PROBABILITY, GivenPair, read_pairs
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.store.ledger import Ledger

FEWEST = 20
"""Anchors with a verdict below which a temperature or an accuracy would be noise."""


def read_anchors(file: Path) -> list[GivenPair]:
    """Pairs with labels.

    Raises:
        DataError: If too few of them have a label.
    """
    labelled = [pair for pair in read_pairs(file) if pair.label is not None]
    if len(labelled) < FEWEST:
        raise DataError(
            f"{file}: {len(labelled)} pairs with a label, and anchors need at least {FEWEST}: "
            "label more"
        )
    return labelled


async def judge_anchors(
    ledger: Ledger,
    judging: JudgeRunner,
    round_index: int,
    anchors: Sequence[GivenPair],
    split: str,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predicted probabilities that A is better, and the labels, where there is a verdict.

    Returns:
        Two arrays of shape (n,), in [0, 1].

    Raises:
        DataError: If the judge abstained on too many.
    """
    ledger.keep_prompts(split, [pair.prompt for pair in anchors])
    ledger.keep_responses(
        round_index, split, [response for pair in anchors for response in (pair.a, pair.b)]
    )
    judged = await judging.judge(round_index, split, [pair.shown for pair in anchors])
    known = [
        (pair.p_a, LABEL_PROBABILITY[anchor.label])
        for pair, anchor in zip(judged, anchors, strict=True)
        if pair.p_a is not None and anchor.label is not None
    ]
    if len(known) < FEWEST:
        raise DataError(
            f"the judge gave a verdict on {len(known)} of {len(anchors)} anchors, and {FEWEST} "
            "are needed: look at its abstentions in the report"
        )
    predicted, labels = np.array(known).T
    return predicted, labels
