"""From judged pairs to candidate preferences: rank, select, and say why a pair is no preference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rlaif_core.api.pairing import Pair, Ranking
from rlaif_core.api.records import JudgedPair, Preference, Prompt, Response, Vote
from rlaif_core.runs.reasons import CONTRADICTED, NOT_COMPARED, TIED, UNDECIDED
from rlaif_stats.labels import Pooling, agreement_share, combine
from rlaif_stats.ranking import bradley_terry_ratings


def judged_pair(
    prompt: Prompt, pair: Pair, votes: Sequence[Vote], pooling: Pooling = "logit"
) -> JudgedPair:
    """A pair with its label, from its votes; see `rlaif_stats.labels` for the formulas.

    Args:
        prompt: The prompt.
        pair: The two responses, A first.
        votes: The votes in either order.
        pooling: How orders are combined.
    """
    by_order: dict[str, list[float]] = {}
    for vote in votes:
        p = vote.p_a
        by_order.setdefault(vote.order, []).append(math.nan if p is None else p)
    longest = max(map(len, by_order.values()), default=0)
    table = [row + [math.nan] * (longest - len(row)) for row in by_order.values()]
    label = float(combine(table, pooling)) if votes else math.nan
    flat = [p for row in by_order.values() for p in row]
    agreement = float(agreement_share(flat)) if flat else 0.0
    p_a = None if math.isnan(label) else label
    return JudgedPair(prompt, pair[0], pair[1], tuple(votes), p_a, agreement)


def rank(prompt: Prompt, responses: Sequence[Response], judged: Sequence[JudgedPair]) -> Ranking:
    """Bradley-Terry strengths of a prompt's responses from the probabilities judged so far."""
    decided = [pair for pair in judged if pair.p_a is not None]
    met = {response.id for pair in decided for response in (pair.a, pair.b)}
    if not met:
        return Ranking(prompt, tuple(responses), tuple(judged), {})
    place = {
        response.id: index for index, response in enumerate(r for r in responses if r.id in met)
    }
    wins = np.zeros((len(place), len(place)))
    for pair in decided:
        assert pair.p_a is not None
        a, b = place[pair.a.id], place[pair.b.id]
        wins[a, b] += pair.p_a
        wins[b, a] += 1.0 - pair.p_a
    ratings = bradley_terry_ratings(wins)
    strength = {id_: float(ratings[index]) for id_, index in place.items()}
    return Ranking(prompt, tuple(responses), tuple(judged), strength)


def distinct(responses: Iterable[Response]) -> list[Response]:
    """The first response of each text: two equal texts teach nothing and cost a judgment."""
    seen: dict[str, Response] = {}
    for response in responses:
        seen.setdefault(response.text.strip(), response)
    return list(seen.values())


def candidate(ranking: Ranking, pair: Pair) -> Preference | str:
    """The preference that a selected pair makes, or why it makes none."""
    better, worse = pair
    judged = ranking.find(better, worse)
    if judged is None:
        return NOT_COMPARED
    if judged.p_a is None:
        return UNDECIDED
    p = judged.p_a if judged.a.id == better.id else 1.0 - judged.p_a
    if p == 0.5:
        return TIED
    if p < 0.5:
        return CONTRADICTED
    return Preference(
        ranking.prompt,
        better,
        worse,
        p_chosen=p,
        agreement=judged.agreement,
        votes=len(judged.votes),
        confidence=stated_confidence(judged, p),
        explanation=explanation(judged, better),
    )


def stated_confidence(judged: JudgedPair, p_chosen: float) -> float:
    """Mean of the confidences the judge stated; `p_chosen` if it stated none."""
    stated = [v.verdict.confidence for v in judged.votes if v.verdict.confidence is not None]
    return sum(stated) / len(stated) if stated else p_chosen


def explanation(judged: JudgedPair, better: Response) -> str:
    """Explanation of the first verdict that found the same response better."""
    for vote in judged.votes:
        favours_a = vote.p_a is not None and vote.p_a > 0.5
        favours_b = vote.p_a is not None and vote.p_a < 0.5
        if (favours_a if judged.a.id == better.id else favours_b) and vote.verdict.explanation:
            return vote.verdict.explanation
    return ""
