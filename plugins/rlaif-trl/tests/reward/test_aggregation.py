"""One reward from several."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rlaif_trl.reward.aggregation import aggregate

tables = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-9, 9)
)


@given(tables)
def test_without_a_penalty_uncertainty_weighting_is_the_mean(table):
    assert np.array_equal(aggregate(table, "mean_minus_variance", 0.0), aggregate(table, "mean"))


@given(tables, st.floats(0, 3))
def test_nobody_is_more_pessimistic_than_asked(table, penalty):
    mean = aggregate(table, "mean")
    assert (aggregate(table, "minimum") <= mean + 1e-9).all()
    assert (aggregate(table, "mean_minus_variance", penalty) <= mean + 1e-9).all()


@given(tables, st.sampled_from(["mean", "minimum", "mean_minus_variance"]), st.randoms())
def test_the_order_of_the_members_changes_nothing(table, by, random):
    shuffled = table[random.sample(range(len(table)), len(table))]
    assert aggregate(shuffled, by, 0.5) == pytest.approx(aggregate(table, by, 0.5))


def test_the_penalty_is_on_the_populations_variance():
    assert aggregate([[1.0, 2.0], [3.0, 2.0]], "mean_minus_variance", 0.5) == pytest.approx(
        [1.5, 2]
    )


def test_members_that_agree_are_taken_at_their_word():
    rewards = [0.3, -1.2]
    for by in ("mean", "minimum", "mean_minus_variance"):
        assert aggregate([rewards] * 3, by, 2.0) == pytest.approx(rewards)
