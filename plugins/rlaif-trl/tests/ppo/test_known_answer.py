"""PPO on a bandit whose optimum is known: π* ∝ π_ref·exp(r/β)."""

import random

import pytest

from rlaif_core.api import TrainingJob
from rlaif_trl.ppo.optimizer import PPO

BETA = 0.3


@pytest.fixture
def play(bandit, tmp_path):
    """Trains on the bandit; the folder of the policy that comes out."""

    def run(scorer, **params: object) -> str:
        settings = {
            "learning_rate": 1e-2,
            "max_steps": 30,
            "num_ppo_epochs": 2,
            "per_device_train_batch_size": 128,
            "local_rollout_forward_batch_size": 128,
            "max_completion_length": 1,
            "kl_coef": BETA,
        }
        job = TrainingJob(
            checkpoint=bandit.folder,
            reference=bandit.folder,
            preferences=tmp_path,
            heldout=frozenset(),
            prompts=bandit.prompts,
            output=tmp_path / "output",
            scorer=scorer,
        )
        PPO(PPO.Params(**{**settings, **params})).train(job)
        return str(job.output)

    return run


@pytest.mark.parametrize(
    "params",
    [
        {"whiten_advantages": False},
        {},
        {"whiten_rewards": True},
    ],
    ids=["nothing whitened", "defaults", "all whitened"],
)
def test_the_policy_becomes_the_known_optimum(bandit, divergence, play, params):
    optimum = bandit.optimum(BETA)
    assert divergence(bandit.probabilities(bandit.folder), optimum) > 0.5
    found = bandit.probabilities(play(bandit.score, **params))
    assert divergence(found, optimum) < 0.01


def test_an_adapter_finds_the_optimum_too(bandit, divergence, play):
    # At a larger β: an adapter leaves the output layer of so small a model, and its reach, alone.
    optimum = bandit.optimum(2 * BETA)
    assert divergence(bandit.probabilities(bandit.folder), optimum) > 0.1
    folder = play(bandit.score, lora={"r": 16}, learning_rate=2e-2, kl_coef=2 * BETA)
    assert divergence(bandit.probabilities(folder), optimum) < 0.01


def test_responses_without_a_reward_pull_nowhere(bandit, divergence, play):
    rng = random.Random(0)

    def forgetful(prompts, texts):
        return [score if rng.random() < 0.7 else None for score in bandit.score(prompts, texts)]

    found = bandit.probabilities(play(forgetful))
    assert divergence(found, bandit.optimum(BETA)) < 0.01


def test_coin_flips_teach_nothing(bandit, divergence, play):
    rng = random.Random(0)
    before = bandit.probabilities(bandit.folder)
    after = bandit.probabilities(
        play(lambda prompts, texts: [float(rng.random() < 0.5) for _ in texts])
    )
    gain = ((after - before) * bandit.rewards()).sum(-1).mean().item()
    reachable = ((bandit.optimum(BETA) - before) * bandit.rewards()).sum(-1).mean().item()
    assert abs(gain) < 0.1 * reachable
    assert divergence(after, before) < 0.05
