import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.estimation import (
    ppi_mean,
    ppi_weight,
)
from rlaif_stats.intervals import wilson

TRUTH, LABELLED, JUDGED, SENSITIVITY, SPECIFICITY = 0.6, 200, 5000, 0.85, 0.75


def sample(rng, size):
    """Human labels and a judge's verdicts on them."""
    label = rng.random(size) < TRUTH
    verdict = rng.random(size) < np.where(label, SENSITIVITY, 1.0 - SPECIFICITY)
    return label, verdict


@pytest.fixture(scope="module")
def simulation():
    """Coverage and width of three intervals in the setting of the golden values."""
    rng = np.random.default_rng(0)
    intervals = {"judge": [], "human": [], "ppi": []}
    for _ in range(1000):
        label, verdict = sample(rng, LABELLED)
        _, judged = sample(rng, JUDGED)
        intervals["judge"].append(wilson(judged.sum(), JUDGED))
        intervals["human"].append(ppi_mean(label, verdict, judged, weight=0.0))
        intervals["ppi"].append(ppi_mean(label, verdict, judged))
    return {
        name: (
            np.mean([e.low <= TRUTH <= e.high for e in found]),
            np.mean([e.high - e.low for e in found]),
        )
        for name, found in intervals.items()
    }


@pytest.mark.parametrize(
    ("name", "coverage", "width"),
    [("judge", 0.682, 0.027), ("human", 0.948, 0.135), ("ppi", 0.946, 0.109)],
)
def test_intervals_cover_the_truth_as_in_the_golden_simulation(simulation, name, coverage, width):
    assert simulation[name][0] == pytest.approx(coverage, abs=0.035 if name == "judge" else 0.02)
    assert simulation[name][1] == pytest.approx(width, abs=0.006)


def test_ppi_with_weight_zero_is_the_human_mean():
    label, verdict = sample(np.random.default_rng(0), 50)
    estimate = ppi_mean(label, verdict, verdict, weight=0.0)
    half = 1.959964 * label.std(ddof=1) / np.sqrt(50)
    assert estimate.value == pytest.approx(label.mean())
    assert estimate.high - estimate.value == pytest.approx(half)
    assert estimate.n == 50


def test_a_useless_judge_gets_no_weight_and_a_perfect_one_nearly_all():
    label, _ = sample(np.random.default_rng(0), 5000)
    unrelated = np.random.default_rng(1).random(5000)
    assert ppi_weight(label, unrelated, unrelated) == pytest.approx(0.0, abs=0.05)
    assert ppi_weight(label[:50], label[:50], label) == pytest.approx(0.99, abs=0.03)
    assert ppi_weight(label[:50], np.ones(50), np.ones(80)) == 0.0


@given(st.floats(-5.0, 5.0))
def test_ppi_does_not_mind_a_constant_error_of_the_judge(shift):
    label, verdict = sample(np.random.default_rng(0), 60)
    _, judged = sample(np.random.default_rng(1), 300)
    estimate = ppi_mean(label, verdict, judged)
    shifted = ppi_mean(label, verdict + shift, judged + shift)
    assert (shifted.low, shifted.high) == pytest.approx((estimate.low, estimate.high))


@pytest.mark.parametrize(
    "arguments",
    [([1.0], [1.0], [1.0, 0.0]), ([1.0, 0.0], [1.0], [1.0]), ([1, 0], [1, 0], [1, np.nan])],
)
def test_ppi_refuses_too_little_or_broken_data(arguments):
    with pytest.raises(ValueError, match=r"at least two|shapes|finite"):
        ppi_mean(*arguments)
