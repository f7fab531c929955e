"""`elo`: wins in the favoured place count less."""

import asyncio
from itertools import combinations

import pytest

from rlaif_core.api import Abstention, Context, JudgedPair, JudgeFacts, Verdict, Vote
from rlaif_core.testing import make_prompt, make_ranking, make_responses
from rlaif_pairs.elo import Elo

PROMPT = make_prompt()


def judged(a, b, ab, ba):
    """A pair judged in both orders, each 1 if the response shown first won, None if nobody did."""

    def verdict(p):
        return Verdict(p) if p is not None else Verdict.abstain(Abstention.UNPARSED)

    votes = (Vote("ab", 0, verdict(ab)), Vote("ba", 0, verdict(ba)))
    told = [vote.p_a for vote in votes if vote.p_a is not None]
    p_a = sum(told) / len(told) if told else None
    return JudgedPair(PROMPT, a, b, votes, p_a, 1.0)


def select(n, outcomes, **params):
    """Indices of the pairs selected from n responses, `outcomes` by pair of indices."""
    responses = make_responses(PROMPT, *(f"answer {index}" for index in range(n)))
    pairs = [judged(responses[i], responses[j], *told) for (i, j), told in outcomes.items()]
    pairing = Elo(Elo.Params(**params))
    asyncio.run(pairing.setup(Context()))
    selected = pairing.select(make_ranking(PROMPT, responses, pairs))
    return [(better.index, worse.index) for better, worse in selected]


def by_quality(i, j):
    """The later response wins in either order."""
    return (0.0, 1.0) if j > i else (1.0, 0.0)


def test_the_best_is_paired_with_the_worst():
    outcomes = {pair: by_quality(*pair) for pair in combinations(range(5), 2)}
    assert select(5, outcomes) == [(4, 0)]
    assert select(5, outcomes, k=2) == [(4, 0), (3, 1)]


def test_a_judge_of_places_alone_selects_nothing():
    outcomes = dict.fromkeys(combinations(range(4), 2), (1.0, 1.0))
    assert select(4, outcomes) == []


def test_one_win_as_the_second_outweighs_several_as_the_first():
    """With a judge that favours the first place, the other place is what tells."""
    outcomes = {
        (0, 1): (1.0, None),  # 0 won, shown first
        (0, 2): (1.0, None),
        (1, 2): (1.0, 0.0),
        (0, 3): (0.0, None),  # 3 won, shown second
        (1, 3): (1.0, 1.0),
        (2, 3): (1.0, 1.0),
    }
    assert select(4, outcomes, first_rate=0.9)[0][0] == 3
    assert select(4, outcomes, first_rate=0.1)[0][0] == 0


def test_one_order_alone_does_not_count_as_a_favoured_place():
    outcomes = dict.fromkeys(combinations(range(3), 2), (0.0, None))
    assert select(3, outcomes) == [(2, 0)]


def test_a_pair_without_a_verdict_of_its_own_is_not_trained_on():
    outcomes = {(0, 1): (0.0, 1.0), (1, 2): (0.0, 1.0), (0, 2): (None, None)}
    assert select(3, outcomes) == []


@pytest.mark.parametrize(
    ("facts", "fix"),
    [
        (JudgeFacts("meta", "pairwise", 1), "set `orders: both`"),
        (JudgeFacts("meta", "pairwise", 3, votes=3), "set `orders: both`"),
        (JudgeFacts("rubric", "pointwise", 2), "use the pairing 'best-vs-worst'"),
    ],
)
def test_it_objects_to_judges_without_places(facts, fix):
    assert Elo(Elo.Params()).objection(facts).endswith(fix)


def test_it_takes_a_judge_in_both_orders():
    assert Elo(Elo.Params()).objection(JudgeFacts("meta", "pairwise", 6, votes=3)) is None
