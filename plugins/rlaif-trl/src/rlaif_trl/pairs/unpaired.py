"""Single responses marked good or bad, taken from preferences or from marks of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlaif_core.api import DataError, Message
from rlaif_trl.preferences.pairs import conversation, read_rows


@dataclass(frozen=True, slots=True)
class Marked:
    """A prompt, one response, and its mark: True if it is good."""

    prompt: tuple[Message, ...]
    response: str
    label: bool


def read_marked(folder: Path) -> tuple[list[Marked], int]:
    """Both responses of every preference in `folder`: chosen ones good, rejected ones bad.

    A row whose `chosen` or `rejected` is empty marks one response only. A tie marks none.

    Returns:
        The marked responses, and the number of ties.

    Raises:
        DataError: If there are no parquet files, or a column is missing or malformed.
    """
    marked: list[Marked] = []
    ties = 0
    for row in read_rows(folder, ("prompt", "chosen", "rejected", "p_chosen")):
        if row["p_chosen"] == 0.5:
            ties += 1
        else:
            marked.extend(_marks(row))
    return marked, ties


def check_both_marks(marked: Sequence[Marked], least: int) -> None:
    """Refuse responses that teach nothing.

    Raises:
        DataError: If there are fewer than `least`, or all are good, or all are bad.
    """
    good = sum(mark.label for mark in marked)
    if len(marked) < least:
        raise DataError(
            f"{len(marked)} marked responses are too few to train on, at least {least} are needed "
            "(ties mark none): judge more prompts, filter less, or lower min_preferences"
        )
    if good in (0, len(marked)):
        raise DataError(
            f"all {len(marked)} responses are {'good' if good else 'bad'}, and kto learns "
            "from the difference: add some of the other kind, or train with sft"
        )


def shuffled(marked: Sequence[Marked], seed: int) -> list[Marked]:
    """The same responses in random order, which mostly separates those of one prompt."""
    order = list(marked)
    random.Random(seed).shuffle(order)
    return order


def balance(marked: Sequence[Marked]) -> tuple[float, float]:
    """Weights of good and of bad responses that give both kinds the same total.

    The rarer kind is weighted up and the other has weight 1 (2402.01306, eq. 8, at its lower end).
    """
    good = sum(mark.label for mark in marked)
    bad = len(marked) - good
    return max(1.0, bad / good), max(1.0, good / bad)


def _marks(row: Mapping[str, Any]) -> list[Marked]:
    sides = [(row["chosen"], True), (row["rejected"], False)]
    prompt = conversation(row, "prompt")
    try:
        return [Marked(prompt, side[-1]["content"], label) for side, label in sides if side]
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"chosen and rejected must be lists of {{role, content}}, or empty: {error}"
        ) from error
