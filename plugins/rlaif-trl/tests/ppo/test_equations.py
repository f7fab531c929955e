"""The equations against their definitions, written once more in numpy and slowly."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rlaif_stats.divergence import k1, k3
from rlaif_trl.ppo.equations import (
    adapted_kl_coef,
    gae,
    policy_losses,
    token_logprobs,
    token_rewards,
    value_losses,
    whiten,
)
from tests.support.divergence import k2

LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)
SHARES = st.floats(0, 1)


def tokens(rows: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, width))


def mask_of(lengths: list[int]) -> np.ndarray:
    return np.arange(max(lengths))[None] < np.array(lengths)[:, None]


def tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float64))


@given(lengths=LENGTHS, gamma=SHARES, lam=SHARES, seed=st.integers(0, 2**16))
def test_gae_is_the_discounted_sum_of_temporal_differences(lengths, gamma, lam, seed):
    mask = mask_of(lengths)
    rewards, values = (tokens(*mask.shape, seed=seed + i) for i in (0, 1))
    expected = np.zeros(mask.shape)
    for row, length in enumerate(lengths):
        following = np.append(values[row, 1:length], 0.0)
        errors = rewards[row, :length] + gamma * following - values[row, :length]
        for t in range(length):
            expected[row, t] = sum((gamma * lam) ** k * error for k, error in enumerate(errors[t:]))
    found = gae(tensor(rewards), tensor(values), torch.from_numpy(mask), gamma, lam)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


@given(lengths=LENGTHS, seed=st.integers(0, 2**16))
def test_with_lambda_one_advantage_and_value_add_up_to_the_return(lengths, seed):
    mask = mask_of(lengths)
    rewards, values = (tokens(*mask.shape, seed=seed + i) for i in (0, 1))
    advantages = gae(tensor(rewards), tensor(values), torch.from_numpy(mask), 1.0, 1.0)
    returns = np.where(mask, rewards, 0.0)[:, ::-1].cumsum(1)[:, ::-1]
    np.testing.assert_allclose((advantages.numpy() + values)[mask], returns[mask], atol=1e-12)


def test_gae_of_two_tokens_by_hand():
    # δ_1 = 0 + 0.9·2 - 1 = 0.8, δ_2 = 1 - 2 = -1, A_1 = 0.8 - 0.9·0.5 = 0.35
    mask = torch.ones(1, 2, dtype=torch.bool)
    found = gae(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 2.0]]), mask, 0.9, 0.5)
    torch.testing.assert_close(found, torch.tensor([[0.35, -1.0]]))


@given(lengths=LENGTHS, seed=st.integers(0, 2**16))
def test_whitened_values_have_mean_0_and_deviation_1_over_the_mask(lengths, seed):
    mask = mask_of(lengths)
    values = tokens(*mask.shape, seed=seed)
    found = whiten(tensor(values), torch.from_numpy(mask)).numpy()
    inside = values[mask]
    if inside.size > 1:
        expected = (inside - inside.mean()) / np.sqrt(inside.var(ddof=1) + 1e-8)
        np.testing.assert_allclose(found[mask], expected, atol=1e-9)
    else:
        assert found[mask] == pytest.approx(0.0)
    assert not found[~mask].any()


@given(lengths=LENGTHS, seed=st.integers(0, 2**16))
def test_whitening_without_a_shift_is_a_change_of_scale_alone(lengths, seed):
    mask = mask_of(lengths)
    values = tokens(*mask.shape, seed=seed)
    found = whiten(tensor(values), torch.from_numpy(mask), shift_mean=False).numpy()
    ratios = found[mask] / values[mask]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)


def test_whitening_over_two_processes_is_that_of_all_tokens_together():
    values, mask = torch.randn(4, 3, dtype=torch.float64), torch.ones(4, 3, dtype=torch.bool)
    sums = iter([mask.sum(), values.sum(), (values - values.mean()).square().sum()])
    half = whiten(values[:2], mask[:2], reduce=lambda mine: next(sums))
    torch.testing.assert_close(half, whiten(values, mask)[:2])


@given(
    log_ratio=hnp.arrays(np.float64, (3, 4), elements=st.floats(-2, 2)),
    seed=st.integers(0, 2**16),
    cliprange=st.floats(0.05, 0.5),
)
def test_the_policys_loss_is_the_pessimistic_one_of_the_papers_two(log_ratio, seed, cliprange):
    advantages = tokens(3, 4, seed)
    ratio = np.exp(log_ratio)
    objective = np.minimum(
        ratio * advantages, np.clip(ratio, 1 - cliprange, 1 + cliprange) * advantages
    )
    losses, clipped = policy_losses(tensor(log_ratio), tensor(advantages), cliprange)
    np.testing.assert_allclose(losses.numpy(), -objective, atol=1e-12)
    np.testing.assert_array_equal(clipped.numpy(), objective < ratio * advantages)


@pytest.mark.parametrize(
    ("log_ratio", "advantage", "loss", "moves"),
    [
        (0.0, 1.0, -1.0, True),
        (math.log(1.5), 1.0, -1.2, False),  # far enough: no more to gain
        (math.log(1.5), -1.0, 1.5, True),  # the wrong way: all to lose
        (math.log(0.5), 1.0, -0.5, True),
        (math.log(0.5), -1.0, 0.8, False),
    ],
)
def test_the_clip_ends_the_gradient_only_where_there_is_no_more_to_gain(
    log_ratio, advantage, loss, moves
):
    given_ratio = torch.tensor([log_ratio], requires_grad=True)
    losses, _ = policy_losses(given_ratio, torch.tensor([advantage]), 0.2)
    losses.sum().backward()
    assert losses.item() == pytest.approx(loss)
    assert bool(given_ratio.grad) is moves


@given(seed=st.integers(0, 2**16), cliprange=st.floats(0.05, 2))
def test_the_values_loss_is_the_larger_of_two_squares(seed, cliprange):
    values, old, returns = (tokens(3, 4, seed + i) for i in range(3))
    near = np.clip(values, old - cliprange, old + cliprange)
    expected = np.maximum((values - returns) ** 2, (near - returns) ** 2) / 2
    losses, _ = value_losses(tensor(values), tensor(old), tensor(returns), cliprange)
    np.testing.assert_allclose(losses.numpy(), expected, atol=1e-12)


def test_the_score_comes_at_the_last_token_and_the_divergence_at_each():
    mask = torch.tensor([[True, True, False], [True, True, True]])
    log_ratio = torch.tensor([[0.1, 0.2, 9.0], [0.0, -0.1, 0.3]])
    found = token_rewards(torch.tensor([1.0, 2.0]), log_ratio, mask, 0.5)
    torch.testing.assert_close(found, torch.tensor([[-0.05, 0.9, 0.0], [0.0, 0.05, 1.85]]))


def test_the_log_ratio_is_the_unbiased_estimator_of_the_divergence():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    log_ratio = torch.log(tensor(p) / tensor(q))
    mask = torch.ones(3, 1, dtype=torch.bool)
    rewards = token_rewards(torch.zeros(3).double(), log_ratio[:, None], mask, 1.0)
    assert float(-(p * rewards[:, 0].numpy()).sum()) == pytest.approx(0.0252671539, abs=1e-10)
    np.testing.assert_allclose(-rewards[:, 0].numpy(), k1(log_ratio.numpy()))
    assert float(p @ k2(log_ratio.numpy())) == pytest.approx(0.0248624073, abs=1e-10)
    assert float(p @ k3(log_ratio.numpy())) == pytest.approx(0.0252671539, abs=1e-10)


@given(seed=st.integers(0, 2**16), temperature=st.floats(0.3, 3))
def test_log_probabilities_are_those_of_a_softmax(seed, temperature):
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(2, 3, 7, generator=generator)
    chosen = torch.randint(7, (2, 3), generator=generator)
    expected = (logits / temperature).log_softmax(-1).gather(-1, chosen[..., None])[..., 0]
    torch.testing.assert_close(token_logprobs(logits, chosen, temperature), expected)


@given(lengths=LENGTHS, seed=st.integers(0, 2**16))
def test_what_stands_at_padding_never_matters(lengths, seed):
    mask = torch.from_numpy(mask_of(lengths))
    clean = [tensor(tokens(*mask.shape, seed=seed + i)) for i in range(2)]
    dirty = [torch.where(mask, tensor, torch.nan) for tensor in clean]
    scores = torch.ones(len(lengths)).double()
    for clean_result, other in (
        (gae(*clean, mask, 0.9, 0.8), gae(*dirty, mask, 0.9, 0.8)),
        (whiten(clean[0], mask), whiten(dirty[0], mask)),
        (token_rewards(scores, clean[0], mask, 0.1), token_rewards(scores, dirty[0], mask, 0.1)),
    ):
        torch.testing.assert_close(clean_result, other)
        assert not clean_result[~mask].any()


@pytest.mark.parametrize(
    ("kl", "factor"), [(6.0, 1.0), (6.6, 1.01), (60.0, 1.02), (0.0, 0.98), (5.4, 0.99)]
)
def test_the_coefficient_follows_the_divergence_by_at_most_a_fifth_of_its_share(kl, factor):
    found = adapted_kl_coef(0.2, kl, target=6.0, episodes=1000, horizon=10_000)
    assert found == pytest.approx(0.2 * factor)
