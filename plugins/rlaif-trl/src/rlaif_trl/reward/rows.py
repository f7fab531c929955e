"""Training rows of a reward model: rankings of token ids with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from rlaif_trl.preferences.labels import label_rows
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.params import RewardTraining
from rlaif_trl.reward.rankings import Chain, better_and_worse, chains

if TYPE_CHECKING:
    from rlaif_kit.chat_format import Tokens


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """A preference with the token ids of prompt + chosen and of prompt + rejected."""

    pair: LabelledPair
    chosen: Tokens
    rejected: Tokens

    def tokens_of(self, response: str) -> Tokens:
        """The token ids of one of the two."""
        return self.chosen if response == self.pair.chosen else self.rejected


class RankingRow(TypedDict):
    """One row: K responses, best first, and the labels of the K - 1 choices between them."""

    responses: list[Tokens]
    p: list[float]
    margin: list[float]
    weight: float


@dataclass(frozen=True)
class RankingRows:
    """All rows, and the number of pairs left out because they contradict surer ones."""

    rows: list[RankingRow]
    inconsistent: int = 0


def ranking_rows(encoded: Sequence[EncodedPair], params: RewardTraining) -> RankingRows:
    """The rows of `params.loss`; their weights are 1 on average.

    Raises:
        DataError: If every pair's weight is 0.
    """
    pairs = [row.pair for row in encoded]
    labels = label_rows(
        pairs, soft=params.soft_labels, margin=params.margin, weighting=params.weights
    )
    if params.loss == "bradley_terry":
        return RankingRows(
            [_pair_row(row, label) for row, label in zip(encoded, labels, strict=True)]
        )
    formed = chains(pairs)
    rows = [_chain_row(chain, encoded, labels) for chain in formed.chains]
    scale = len(rows) / sum(row["weight"] for row in rows)
    for row in rows:
        row["weight"] *= scale
    return RankingRows(rows, len(formed.inconsistent))


def _pair_row(row: EncodedPair, label: dict[str, float]) -> RankingRow:
    return {
        "responses": [row.chosen, row.rejected],
        "p": [label["p_chosen"]],
        "margin": [label["margin"]],
        "weight": label["weight"],
    }


def _chain_row(
    chain: Chain, encoded: Sequence[EncodedPair], labels: Sequence[dict[str, float]]
) -> RankingRow:
    if len(chain.steps) == 1:
        return _pair_row(encoded[chain.steps[0]], labels[chain.steps[0]])
    steps = [(encoded[i], labels[i]) for i in chain.steps]
    ends = [better_and_worse(row.pair) for row, _ in steps]
    responses = [row.tokens_of(better) for (row, _), (better, _) in zip(steps, ends, strict=True)]
    return {
        "responses": [*responses, steps[-1][0].tokens_of(ends[-1][1])],
        "p": [max(label["p_chosen"], 1 - label["p_chosen"]) for _, label in steps],
        "margin": [label["margin"] for _, label in steps],
        "weight": sum(label["weight"] for _, label in steps) / len(steps),
    }
