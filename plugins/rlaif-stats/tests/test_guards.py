import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.guards import (
    anchor_accuracy,
    at_least,
    at_most,
    favoured_place,
    length_ratio,
    rank_agreement,
    score_entropy,
)

SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=40)
RANKING = st.lists(st.integers(-9, 9), min_size=2, max_size=7, unique=True)


def test_a_floor_trips_below_it_and_says_so():
    guard = at_least("score entropy", 0.31, 0.5)
    assert guard.tripped
    assert guard.reason == "score entropy is 0.31, below its limit of 0.5"
    assert not at_least("score entropy", 0.5, 0.5).tripped


def test_a_ceiling_trips_above_it_and_says_so():
    guard = at_most("position bias", 0.68, 0.6)
    assert guard.tripped
    assert guard.reason == "position bias is 0.68, above its limit of 0.6"
    assert not at_most("position bias", 0.6, 0.6).tripped


@pytest.mark.parametrize("guard", [at_least, at_most])
def test_what_cannot_be_measured_trips_nothing(guard):
    unknown = guard("rank agreement", math.nan, 0.6)
    assert not unknown.tripped
    assert unknown.reason == ""


def test_a_judge_that_gives_all_the_same_score_has_no_entropy():
    assert score_entropy([5, 5, 5, math.nan]) == 0.0
    assert score_entropy([0, 1, 2, 3]) == pytest.approx(math.log(4))
    assert math.isnan(score_entropy([math.nan]))


def test_scores_within_one_point_are_alike():
    assert score_entropy([4.9, 5.0, 5.1]) == 0.0
    assert score_entropy([4.9, 5.0, 5.1], width=0.1) == pytest.approx(math.log(3))
    with pytest.raises(ValueError, match="width"):
        score_entropy([1.0], width=0.0)


@given(SCORES, st.randoms())
def test_entropy_does_not_depend_on_the_order_and_is_at_most_uniform(scores, rng):
    entropy = score_entropy(scores)
    rng.shuffle(scores)
    assert score_entropy(scores) == pytest.approx(entropy)
    assert 0.0 <= entropy <= math.log(len(set(scores))) + 1e-12


def test_the_favoured_place_may_be_either():
    always_first = favoured_place([1, 1], [0, 0])
    always_last = favoured_place([0, 0], [1, 1])
    assert always_first == always_last == 1.0
    assert favoured_place([1, 0], [1, 0]) == 0.5
    assert math.isnan(favoured_place([math.nan], [math.nan]))


def test_length_ratio_tells_growth():
    assert length_ratio([200, 100], [100, 50]) == pytest.approx(2.0)
    assert math.isnan(length_ratio([], [10]))
    assert math.isnan(length_ratio([10], [0]))


@given(st.lists(RANKING, min_size=1, max_size=5))
def test_the_same_ranking_agrees_wholly_and_its_reverse_not_at_all(rankings):
    assert rank_agreement(rankings, rankings) == pytest.approx(1.0)
    assert rank_agreement(
        rankings, [[-value for value in many] for many in rankings]
    ) == pytest.approx(0.0)


@given(RANKING, RANKING)
def test_rank_agreement_is_symmetric_and_a_share(one, other):
    n = min(len(one), len(other))
    there, back = rank_agreement([one[:n]], [other[:n]]), rank_agreement([other[:n]], [one[:n]])
    assert there == pytest.approx(back)
    assert 0.0 <= there <= 1.0


def test_rank_agreement_of_one_swapped_pair():
    # Six pairs of four responses, one of them turned: tau is 4/6.
    assert rank_agreement([[1, 2, 3, 4]], [[1, 2, 4, 3]]) == pytest.approx((4 / 6 + 1) / 2)


def test_prompts_without_a_ranking_are_left_out():
    assert rank_agreement([[1, 2], [3, 3]], [[1, 2], [1, 2]]) == 1.0
    assert math.isnan(rank_agreement([[3, 3]], [[1, 2]]))
    with pytest.raises(ValueError, match="ratings"):
        rank_agreement([[1, 2]], [[1, 2, 3]])


def test_anchor_accuracy_counts_an_abstention_as_wrong():
    assert anchor_accuracy([0.9, 0.2, np.nan, 0.5], [1, 0, 1, 0.5]) == 0.75
    assert math.isnan(anchor_accuracy([], []))
    with pytest.raises(ValueError, match="label"):
        anchor_accuracy([0.9], [1, 0])
