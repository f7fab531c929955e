"""The guard that all optimizers share, on PPO."""

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import Message, Prompt, RunError


@pytest.fixture
def wild(train):
    """Trains fast, while a judge watches its answers to prompts that it never sees."""
    held = [Prompt(f"h{i}", (Message("user", "tell " + "y" * i),)) for i in range(24)]

    def run(watch):
        return train(
            {"heldout_prompts": held, "watch": watch},
            max_steps=8,
            learning_rate=1e-2,
            per_device_train_batch_size=16,
            kl_coef=0.0,
            watch_steps=1,
        )

    return run


def lower_case(prompts, texts):
    return [-sum(letter.isupper() for letter in text) / max(len(text), 1) for text in texts]


def test_reward_up_while_the_held_out_judge_goes_down_stops_and_goes_back(wild):
    done = wild(lower_case)
    assert done.metrics["guard_watch"] == 1.0
    assert done.metrics["steps"] < 8
    assert done.metrics["kept_step"] < done.metrics["steps"]


def test_a_judge_that_agrees_lets_training_go_on(wild):
    done = wild(lambda prompts, texts: [-reward for reward in lower_case(prompts, texts)])
    assert done.metrics["steps"] == 8
    assert "guard_watch" not in done.metrics


def test_a_policy_over_its_budget_of_divergence_is_taken_back(train, checkpoint):
    done = train(max_steps=8, learning_rate=1e-2, max_kl=1e-3, watch_steps=1)
    assert done.metrics["guard_kl"] == 1.0
    assert done.metrics["kept_step"] == 0.0
    start = load_file(f"{checkpoint}/model.safetensors")
    assert all(torch.equal(weight, start[name]) for name, weight in done.weights.items())


def test_a_policy_that_starts_over_its_budget_is_refused(train):
    moved = train(learning_rate=1e-2)
    with pytest.raises(RunError, match="starts farther from its reference than max_kl 1e-06"):
        train({"checkpoint": moved.folder}, max_kl=1e-6)
