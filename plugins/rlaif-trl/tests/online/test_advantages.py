import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.advantages import dr_grpo, gdpo, grpo, rloo

GOLDEN = [1.0, 0.0, 0.0, 1.0]
SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
groups = arrays(
    np.float64, st.tuples(st.integers(1, 3), st.integers(2, 6)), elements=st.floats(-10.0, 10.0)
)
advantages = st.sampled_from([rloo, grpo, dr_grpo])


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (rloo(GOLDEN), 0.6666666667),
        (grpo(GOLDEN, ddof=1), 0.8658754),
        (grpo(GOLDEN, ddof=0), 0.9998000),
        (dr_grpo(GOLDEN), 0.5),
    ],
)
def test_golden_advantages(values, size):
    np.testing.assert_allclose(values, size * SIGNS, atol=5e-8)


@given(groups)
def test_rloo_is_the_reward_minus_the_mean_of_the_others(rewards):
    size = rewards.shape[1]
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (size - 1)
    np.testing.assert_allclose(rloo(rewards), rewards - others, atol=1e-9)


@given(groups, advantages)
def test_a_groups_advantages_add_up_to_zero(rewards, advantage):
    np.testing.assert_allclose(advantage(rewards).sum(axis=1), 0.0, atol=1e-8)


@given(groups, advantages, st.floats(-5.0, 5.0))
def test_a_constant_on_every_reward_changes_nothing(rewards, advantage, constant):
    # GRPO divides by a deviation plus 1e-4, which magnifies rounding by at most 1e4.
    np.testing.assert_allclose(advantage(rewards + constant), advantage(rewards), atol=1e-9)


@given(groups, advantages, st.integers(0, 100))
def test_permuting_the_group_permutes_its_advantages(rewards, advantage, seed):
    order = np.random.default_rng(seed).permutation(rewards.shape[1])
    np.testing.assert_allclose(
        advantage(rewards[:, order]), advantage(rewards)[:, order], atol=1e-9
    )


def test_equal_rewards_teach_nothing():
    np.testing.assert_array_equal(grpo([0.5, 0.5, 0.5]), 0.0)


def test_gdpo_tells_apart_what_a_sum_of_rewards_makes_equal():
    # Two prompts; the first wins one objective, the second both, out of two responses each.
    rewards = np.array([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]])
    of_sums = grpo(rewards.sum(axis=2))
    np.testing.assert_allclose(of_sums[0], of_sums[1], atol=1e-3)
    separate = gdpo(rewards, weights=[1.0, 1.0])
    assert separate[1, 0] > 1.5 * separate[0, 0]


def test_gdpo_is_standardised_over_the_batch():
    values = gdpo(np.random.default_rng(0).random((8, 4, 3)), weights=[1.0, 2.0, 0.5])
    assert values.shape == (8, 4)
    assert values.mean() == pytest.approx(0.0, abs=1e-9)
    assert values.std(ddof=1) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("rewards", [[1.0], [1.0, np.nan], 3.0])
def test_a_group_too_small_or_with_a_missing_reward_is_refused(rewards):
    with pytest.raises(ValueError, match=r"two rewards|not finite"):
        rloo(rewards)


def test_gdpo_refuses_another_shape():
    with pytest.raises(ValueError, match="objectives"):
        gdpo(np.ones((4, 3)), weights=[1.0])
