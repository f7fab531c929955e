"""Responses in a file, and their rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlaif_core.api import Prompt, Row, digest
from rlaif_core.commands.rows import Rows, rows
from rlaif_stats.intervals import win_rate

Score = Callable[[Sequence[Prompt], Sequence[str]], Sequence[float]]

SHAPES: tuple[tuple[str, ...], ...] = (("response",), ("chosen", "rejected"))
"""The columns of responses that a row may have."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row: a prompt, and its response, or the chosen and the rejected one.

    Attributes:
        values: All of the row's columns.
        prompt: The prompt.
        responses: One or two texts.
    """

    values: Mapping[str, Any]
    prompt: Prompt
    responses: tuple[str, ...]

    @property
    def paired(self) -> bool:
        """True if the row says which of two responses is better."""
        return len(self.responses) == 2


def read_items(source: Rows) -> list[Item]:
    """Rows with columns prompt and response, or prompt, chosen and rejected.

    Each may be text or messages; of a response's messages the last is taken.

    Raises:
        DataError: Naming the row that cannot be used, and why.
    """
    return list(map(_item, rows(source)))


def score_items(
    items: Sequence[Item],
    score: Score,
    batch_size: int,
    advance: Callable[[int], None] = lambda done: None,
) -> list[tuple[float, ...]]:
    """Rewards of each item's responses, scored longest first so that batches waste no padding.

    Args:
        items: The items.
        score: The reward model.
        batch_size: Responses handed over at once.
        advance: Told how many more responses have a reward.
    """
    flat = [(i, k) for i, item in enumerate(items) for k in range(len(item.responses))]
    flat.sort(key=lambda at: -len(items[at[0]].prompt.text) - len(items[at[0]].responses[at[1]]))
    rewards: dict[tuple[int, int], float] = {}
    for start in range(0, len(flat), batch_size):
        batch = flat[start : start + batch_size]
        scored = score(
            [items[i].prompt for i, _ in batch], [items[i].responses[k] for i, k in batch]
        )
        rewards.update(zip(batch, map(float, scored), strict=True))
        advance(len(batch))
    return [
        tuple(rewards[i, k] for k in range(len(item.responses))) for i, item in enumerate(items)
    ]


def scored_row(item: Item, rewards: Sequence[float]) -> dict[str, Any]:
    """The row with `reward`, or with `reward_chosen` and `reward_rejected`."""
    names = ("reward_chosen", "reward_rejected") if item.paired else ("reward",)
    return {**item.values, **dict(zip(names, rewards, strict=True))}


def summary(items: Sequence[Item], rewards: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Summary statistics of the rewards.

    Returns:
        `responses`, `mean`, `deviation`, `least` and `most`; for pairs also `pairs` and
        `accuracy`: how often the chosen response has the higher reward, ties one half, with a
        95 % interval clustered by prompt.
    """
    values = np.array([reward for scored in rewards for reward in scored])
    figures: dict[str, Any] = {
        "responses": values.size,
        "mean": float(values.mean()),
        "deviation": float(values.std()),
        "least": float(values.min()),
        "most": float(values.max()),
    }
    pairs = [(item, scored) for item, scored in zip(items, rewards, strict=True) if item.paired]
    if pairs:
        won = [(1 + np.sign(chosen - rejected)) / 2 for _, (chosen, rejected) in pairs]
        accuracy = win_rate(won, clusters=[item.prompt.id for item, _ in pairs])
        figures["pairs"] = len(pairs)
        figures["accuracy"] = accuracy.figure()
    return figures


def _item(row: Row) -> Item:
    messages = row.conversation("prompt")
    for columns in SHAPES:
        if all(column in row.values for column in columns):
            texts = tuple(_response(row, column) for column in columns)
            return Item(row.values, Prompt(digest(messages), messages), texts)
    raise row.error(
        "no column 'response', and no 'chosen' and 'rejected'; it has "
        f"{', '.join(row.values) or 'none'}"
    )


def _response(row: Row, column: str) -> str:
    value = row.values[column]
    if isinstance(value, list) and value and isinstance(value[-1], Mapping):
        return Row(row.place, value[-1]).text("content")
    return row.text(column)
