"""Several rewards in one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.objectives import (
    BEHIND,
    Multiplier,
    gated,
    normalise_then_sum,
    standardise,
)

numbers = st.floats(-100, 100)


def test_groups_are_standardised_each_by_itself() -> None:
    got = standardise([1.0, 3.0, 10.0, 30.0], ["p", "p", "q", "q"])
    assert got == pytest.approx([-1, 1, -1, 1], abs=1e-3)


def test_without_groups_all_values_are_one() -> None:
    got = standardise([1.0, 2.0, 3.0], ["p", "q", "r"])
    assert got == pytest.approx([-(1.5**0.5), 0, 1.5**0.5], abs=1e-3)


def test_a_missing_value_counts_nowhere() -> None:
    got = standardise([1.0, np.nan, 3.0], ["p", "p", "p"])
    assert got[[0, 2]] == pytest.approx([-1, 1], abs=1e-3)
    assert np.isnan(got[1])


@given(st.lists(numbers, min_size=2, max_size=12), st.floats(0.5, 50), numbers)
def test_neither_scale_nor_origin_of_a_reward_decides(
    values: list[float], scale: float, origin: float
) -> None:
    groups = ["p"] * len(values)
    x = np.round(np.array(values), 2)
    spread = float(np.std(x))
    if spread < 0.1:
        return
    before, after = standardise(x, groups), standardise(x * scale + origin, groups)
    assert after == pytest.approx(before, abs=0.02)


def test_different_combinations_stay_apart_where_a_normalised_sum_folds_them() -> None:
    rewards = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 10.0]])
    got = normalise_then_sum(rewards, [1.0, 1.0], ["p"] * 4)
    assert got[0] == got[1] < got[2] < got[3]
    # Summed first, the wide reward rules: the third response would look like the first two.
    summed = standardise(rewards.sum(axis=0), ["p"] * 4)
    assert got[2] - got[0] > 5 * (summed[2] - summed[0])


def test_one_missing_reward_leaves_the_sum_missing() -> None:
    got = normalise_then_sum([[0.0, 1.0], [np.nan, 1.0]], [1.0, 1.0], ["p", "p"])
    assert np.isnan(got[0])
    assert not np.isnan(got[1])


def test_what_fails_stands_behind_the_worst_that_passes_in_its_group() -> None:
    got = gated(
        [2.0, 1.0, 9.0, -3.0, 5.0], [True, True, False, True, False], ["p", "p", "p", "q", "q"]
    )
    assert list(got) == [2.0, 1.0, 0.0 - BEHIND, -3.0, -3.0 - BEHIND]


def test_where_all_fail_all_are_alike() -> None:
    assert list(gated([3.0, 5.0], [False, False], ["p", "p"])) == [-BEHIND, -BEHIND]


def test_a_missing_reward_stays_missing_unless_the_response_fails_anyway() -> None:
    got = gated([np.nan, np.nan], [True, False], ["p", "p"])
    assert np.isnan(got[0])
    assert got[1] == -BEHIND


def test_a_multiplier_grows_below_its_floor_and_never_falls_below_nothing() -> None:
    held = Multiplier(floor=0.5, rate=1.0)
    assert held.update([0.0, np.nan, 0.2]) == pytest.approx(0.4)
    assert held.update([0.9]) == pytest.approx(0.0)
    assert held.update([np.nan]) == pytest.approx(0.0)
