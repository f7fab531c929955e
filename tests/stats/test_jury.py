from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.stats.jury import effective_judges, log_odds_weights, majority_accuracy


def test_log_odds_weights_of_golden_accuracies():
    np.testing.assert_allclose(log_odds_weights([0.9, 0.7, 0.6]), [2.197, 0.847, 0.405], atol=5e-4)


def test_a_judge_worse_than_chance_counts_for_the_other_side():
    assert log_odds_weights(0.3) == pytest.approx(-log_odds_weights(0.7))


@pytest.mark.parametrize("accuracy", [0.0, 1.0, np.nan])
def test_a_certain_judge_has_no_weight(accuracy):
    with pytest.raises(ValueError, match="accuracies"):
        log_odds_weights([accuracy])


def test_a_majority_of_three_can_be_worse_than_its_best_judge():
    assert majority_accuracy([0.9, 0.7, 0.6]) == pytest.approx(0.834)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6))
def test_majority_accuracy_equals_the_sum_over_all_outcomes(accuracies):
    total = 0.0
    for right in product((True, False), repeat=len(accuracies)):
        chance = np.prod([a if r else 1 - a for a, r in zip(accuracies, right, strict=True)])
        total += chance * (0.5 if 2 * sum(right) == len(right) else 2 * sum(right) > len(right))
    assert majority_accuracy(accuracies) == pytest.approx(total)


@pytest.mark.parametrize(
    ("judges", "correlation", "expected"),
    [
        (3, 0.3, 1.88),
        (3, 0.6, 1.36),
        (5, 0.3, 2.27),
        (5, 0.6, 1.47),
        (9, 0.3, 2.65),
        (9, 0.6, 1.55),
    ],
)
def test_effective_judges_of_golden_juries(judges, correlation, expected):
    assert effective_judges(judges, correlation) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("arguments", [(0, 0.5), (3, 1.1)])
def test_effective_judges_refuses_an_impossible_jury(arguments):
    with pytest.raises(ValueError, match="judges"):
        effective_judges(*arguments)
