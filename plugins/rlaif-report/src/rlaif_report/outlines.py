"""Counts over the votes of one pair, and the fates of candidate preferences, without any text."""

from __future__ import annotations

from rlaif_core.runs import PairOutline, Run

Fates = dict[tuple[str, frozenset[str]], tuple[str, str]]
"""(stage, reason) of each candidate preference, by its prompt and its two responses."""


def fates(run: Run, round_index: int) -> Fates:
    """The fate of each candidate preference of a round."""
    return {
        (row.prompt_id, frozenset((row.chosen, row.rejected))): (row.stage, row.reason)
        for row in run.candidates(round_index)
    }


def abstentions(pair: PairOutline) -> int:
    """Number of votes that are abstentions."""
    return sum(vote.p_first is None for vote in pair.votes)


def sided(pair: PairOutline) -> int:
    """Number of votes that took a side; a tie takes none."""
    return sum(vote.p_first not in (None, 0.5) for vote in pair.votes)


def decided_by_people(pair: PairOutline) -> bool:
    """True if the votes alone cannot combine to this: all agree, and on no side."""
    return pair.p_a == 0.5 and pair.agreement == 1.0


def inconsistent(pair: PairOutline) -> bool:
    """True if the mean verdicts of the two orders are on different sides."""
    sides = set()
    for wanted in ("ab", "ba"):
        shown = [p for order, _, p in pair.votes if order == wanted and p is not None]
        if shown:
            lean = sum(shown) / len(shown) - 0.5
            lean = lean if wanted == "ab" else -lean
            sides.add((lean > 0) - (lean < 0))
    return len(sides) > 1
