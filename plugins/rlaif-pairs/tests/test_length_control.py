"""`length-control`: the laws of its selection, and what it does to lengths."""

import asyncio
import random
from itertools import combinations
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Context
from rlaif_core.testing import judge_all, make_prompt, make_ranking, make_responses
from rlaif_pairs.length_control import LengthControl, length_controlled
from rlaif_stats.ranking import bradley_terry_ratings

PROMPT = make_prompt()
SCORED = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 50)), min_size=2, max_size=9)


@given(SCORED, st.floats(0, 1))
def test_equal_scores_give_no_pair(scored, rho):
    lengths = [length for _, length in scored]
    assert length_controlled([3.0] * len(lengths), lengths, rho) is None


@given(SCORED.filter(lambda many: len({score for score, _ in many}) > 1))
def test_without_control_it_is_the_best_against_the_worst(scored):
    scores, lengths = zip(*scored, strict=True)
    chosen, rejected = length_controlled(scores, lengths, 0.0)
    assert (scores[chosen], scores[rejected]) == (max(scores), min(scores))


@given(SCORED.filter(lambda many: len({score for score, _ in many}) > 1))
def test_with_full_control_it_is_the_shortest_against_the_longest(scored):
    scores, lengths = zip(*scored, strict=True)
    chosen, rejected = length_controlled(scores, lengths, 1.0)
    assert (lengths[chosen], lengths[rejected]) == (min(lengths), max(lengths))


@given(SCORED.filter(lambda many: len({score for score, _ in many}) > 1), st.floats(0, 0.49))
def test_below_one_half_the_chosen_one_is_the_better_one(scored, rho):
    scores, lengths = zip(*scored, strict=True)
    chosen, rejected = length_controlled(scores, lengths, rho)
    assert scores[chosen] > scores[rejected]


@given(SCORED.filter(lambda many: len({score for score, _ in many}) > 1), st.floats(0, 1))
def test_more_control_never_makes_the_chosen_longer_or_the_rejected_shorter(scored, rho):
    scores, lengths = zip(*scored, strict=True)
    free = length_controlled(scores, lengths, 0.0)
    held = length_controlled(scores, lengths, rho)
    if held is not None:
        assert lengths[held[0]] <= lengths[free[0]]
        assert lengths[held[1]] >= lengths[free[1]]


def test_one_response_is_never_both():
    assert length_controlled([0.0, 0.5, 1.0], [1, 5, 10], 0.6) is None


def grown(rho, rounds=6, seed=0):
    """By how much responses grow in rounds of imitation, under a judge that also likes length.

    Responses have a quality that has nothing to do with their length. Each round's policy writes
    as long as the last one's chosen responses did, give or take.
    """
    rng = random.Random(seed)
    typical = 100.0
    for _ in range(rounds):
        chosen = []
        for _ in range(300):
            lengths = [max(1, round(rng.gauss(typical, 0.2 * typical))) for _ in range(7)]
            scores = [rng.gauss(0, 1) + 0.5 * length / (0.2 * typical) for length in lengths]
            pair = length_controlled(scores, lengths, rho)
            chosen.append(lengths[pair[0]])
        typical = mean(chosen)
    return typical / 100.0


def test_under_a_judge_that_likes_length_responses_grow_unless_it_is_controlled():
    assert grown(0.0) > 1.8
    assert grown(LengthControl.Params().rho) == pytest.approx(1.0, abs=0.1)


def select(rho, strengths, texts):
    responses = make_responses(PROMPT, *texts)
    by_id = {response.id: strength for response, strength in zip(responses, strengths, strict=True)}
    judged = judge_all(
        PROMPT,
        combinations(responses, 2),
        lambda a, b: 0.5 + 0.1 * (by_id[a.id] - by_id[b.id]),
    )
    pairing = LengthControl(LengthControl.Params(rho=rho))
    asyncio.run(pairing.setup(Context()))
    return [
        (better.text, worse.text)
        for better, worse in pairing.select(make_ranking(PROMPT, responses, judged))
    ]


TEXTS = ["good but long-winded", "good", "bad", "bad and long-winded"]


def test_the_shortest_of_the_good_is_chosen_and_the_longest_of_the_bad_rejected():
    strengths = [2.0, 1.8, 0.0, 0.2]
    assert select(0.0, strengths, TEXTS) == [("good but long-winded", "bad")]
    assert select(0.2, strengths, TEXTS) == [("good", "bad and long-winded")]


def test_a_short_response_that_is_worse_is_not_chosen():
    assert select(1.0, [2.0, 0.0], ["good but long-winded", "bad"]) == []


@pytest.mark.parametrize("rho", [-0.1, 1.1])
def test_rho_is_a_share(rho):
    with pytest.raises(ValueError, match="rho"):
        LengthControl.Params(rho=rho)


def test_strengths_lie_as_a_pointwise_judges_scores_do_if_it_has_a_scale():
    """The engine's strengths of sigmoid verdicts: the bands in them are those of the scores."""
    scores = np.array([5.0, 4.0, 4.0, 3.0, 2.5, 1.0, 0.0])
    strengths = bradley_terry_ratings(1 / (1 + np.exp(scores - scores[:, None])))
    place = (strengths - strengths.min()) / np.ptp(strengths)
    np.testing.assert_allclose(place, scores / 5.0, atol=0.03)
