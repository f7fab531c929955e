"""Pairing `length-control`: best against worst, where nearly as good and shorter counts as best.

Length control of Meta-Rewarding (Wu et al. 2407.19594, section 2.1): judges like what is long, so
that round after round of best against worst makes responses grow.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from rlaif_core.api import Pair, Params, Ranking
from rlaif_pairs.pairings import EveryPair
from rlaif_pairs.selections import EQUAL, apart


class LengthControlParams(Params):
    """Parameters of `length-control`."""

    rho: float = Field(
        default=0.32,
        ge=0,
        le=1,
        description="share of the strengths' range that counts as best, and as worst; 0 takes "
        "the ends alone, and above 0.5 both overlap",
    )


class LengthControl(EveryPair[LengthControlParams]):
    """Trains on the shortest of the best responses against the longest of the worst."""

    Params = LengthControlParams

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """One pair; none where all are equal, or the shorter one is not the better one."""
        ordered = ranking.ordered()
        strengths = [ranking.strength[item.id] for item in ordered]
        ends = length_controlled(strengths, [len(item.text) for item in ordered], self.params.rho)
        if ends is None:
            return []
        pair = ordered[ends[0]], ordered[ends[1]]
        return [pair] if apart(ranking, pair) else []


def length_controlled(
    scores: Sequence[float], lengths: Sequence[int], rho: float
) -> tuple[int, int] | None:
    """The response to choose and the one to reject.

    Chosen is the shortest with a score in [(1 - rho) max + rho min, max], rejected the longest
    with one in [min, (1 - rho) min + rho max]. Of equal lengths the better one is chosen and the
    worse one rejected, and the earlier one if these are equal too.

    Args:
        scores: n scores.
        lengths: n lengths.
        rho: In [0, 1].

    Returns:
        The indices of chosen and rejected; None if the scores are equal or there are fewer than
        two, or one response would be both.
    """
    if not scores or max(scores) - min(scores) <= EQUAL:
        return None
    top, bottom = max(scores), min(scores)
    good = [i for i, score in enumerate(scores) if score >= (1 - rho) * top + rho * bottom - EQUAL]
    bad = [i for i, score in enumerate(scores) if score <= (1 - rho) * bottom + rho * top + EQUAL]
    chosen = min(good, key=lambda i: (lengths[i], -scores[i], i))
    rejected = min(bad, key=lambda i: (-lengths[i], scores[i], i))
    return None if chosen == rejected else (chosen, rejected)
