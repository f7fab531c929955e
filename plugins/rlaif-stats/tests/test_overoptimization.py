import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.overoptimization import OveroptimizationLaw, fit_law


@pytest.mark.parametrize(
    ("regime", "beta", "peak"), [("rl", 0.3, (10.3123, 3.0937)), ("best-of-n", 0.1, (5.0, 2.5))]
)
def test_the_optimum_is_the_golden_one(regime, beta, peak):
    law = OveroptimizationLaw(regime, alpha=1.0, beta=beta)
    assert law.optimum() == pytest.approx(peak, abs=5e-5)


@pytest.mark.parametrize("regime", ["rl", "best-of-n"])
@given(alpha=st.floats(0.2, 2.0), beta=st.floats(0.1, 1.0))
def test_no_distance_pays_more_than_the_optimum(regime, alpha, beta):
    law = OveroptimizationLaw(regime, alpha, beta)
    distance, reward = law.optimum()
    assert law.reward(distance) == pytest.approx(reward)
    assert (law.reward(distance * np.linspace(0.0, 3.0, 50)) <= reward + 1e-9 * abs(reward)).all()


@pytest.mark.parametrize("regime", ["rl", "best-of-n"])
def test_a_fit_finds_the_law_that_made_the_points(regime):
    rng = np.random.default_rng(0)
    distance = np.linspace(0.0, 8.0, 30)
    noisy = OveroptimizationLaw(regime, 1.0, 0.3).reward(distance) + rng.normal(size=30) * 0.02
    law = fit_law(distance, noisy, regime)
    assert (law.alpha, law.beta) == pytest.approx((1.0, 0.3), abs=0.02)


def test_a_reward_that_only_rises_has_no_peak():
    assert fit_law([1.0, 2.0, 3.0], [1.0, 2.1, 3.4], "best-of-n").optimum() is None
    assert OveroptimizationLaw("best-of-n", alpha=-1.0, beta=0.1).optimum() is None
    assert OveroptimizationLaw("rl", alpha=1.0, beta=1e-4).optimum() is None


@pytest.mark.parametrize(
    ("distance", "reward", "regime"),
    [
        ([1.0, 1.0], [0.5, 0.5], "rl"),
        ([-1.0, 2.0], [0.1, 0.2], "rl"),
        ([1.0, 2.0], [0.1], "rl"),
        ([1.0, 2.0], [0.1, 0.2], "sft"),
    ],
)
def test_what_does_not_fix_a_law_is_refused(distance, reward, regime):
    with pytest.raises(ValueError, match=r"distinct|negative|length|regime"):
        fit_law(distance, reward, regime)
