"""The Plackett-Luce loss."""

import math
from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlaif_trl.preferences.losses import bradley_terry
from rlaif_trl.reward.plackett_luce import ABSENT, plackett_luce

rewards = st.floats(-8, 8, width=32)
probabilities = st.floats(0, 1, width=32)


def loss(ranking, p=None, margin=None):
    table = torch.tensor([ranking], dtype=torch.float64)
    p = torch.ones(1, len(ranking) - 1) if p is None else torch.tensor([p])
    margin = torch.zeros_like(p) if margin is None else torch.tensor([margin])
    return plackett_luce(table, p, margin).item()


@given(rewards, rewards, probabilities, st.floats(0, 3, width=32))
def test_two_responses_are_bradley_terry(chosen, rejected, p, margin):
    h = torch.tensor(chosen, dtype=torch.float64) - rejected - margin
    expected = bradley_terry(h, torch.tensor(p, dtype=torch.float64)).item()
    assert loss([chosen, rejected], [p], [margin]) == pytest.approx(expected, abs=1e-6)


def test_it_is_the_negative_log_likelihood_of_the_ranking():
    first = math.exp(2) / (math.exp(2) + math.exp(0.5) + math.exp(-1))
    second = math.exp(0.5) / (math.exp(0.5) + math.exp(-1))
    assert loss([2.0, 0.5, -1.0]) == pytest.approx(-math.log(first * second))


@given(st.lists(rewards, min_size=2, max_size=5))
def test_the_likelihoods_of_all_rankings_add_up_to_one(values):
    assert sum(math.exp(-loss(list(order))) for order in permutations(values)) == pytest.approx(1)


@given(st.lists(rewards, min_size=2, max_size=5), st.floats(-5, 5, width=32))
def test_a_constant_added_to_every_reward_changes_nothing(values, constant):
    assert loss([value + constant for value in values]) == pytest.approx(loss(values), abs=1e-4)


def test_absent_responses_change_neither_loss_nor_gradient():
    short = torch.tensor([[1.0, 0.2]], requires_grad=True)
    long = torch.tensor([[1.0, 0.2, ABSENT, ABSENT]], requires_grad=True)
    for table in (short, long):
        ones = torch.ones(1, table.shape[1] - 1)
        plackett_luce(table, ones, torch.zeros_like(ones)).sum().backward()
    assert torch.equal(long.grad[:, :2], short.grad)
    assert not long.grad[:, 2:].any()
    ones = torch.ones(1, 3)
    assert plackett_luce(long, ones, torch.zeros(1, 3)).item() == pytest.approx(loss([1.0, 0.2]))


def test_a_choice_without_certainty_is_shared_with_the_next_response():
    certain, swapped = loss([2.0, 1.0, -1.0]), loss([1.0, 2.0, -1.0])
    first_stage_open = loss([2.0, 1.0, -1.0], [0.5, 1.0])
    assert certain < first_stage_open < swapped


def test_gradients_are_those_of_finite_differences():
    table = torch.tensor([[0.3, -0.2, 1.1]], dtype=torch.float64, requires_grad=True)
    p = torch.tensor([[0.8, 0.6]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda rewards: plackett_luce(rewards, p, 0.1 * p), table)
