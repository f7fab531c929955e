"""Online optimizers on a bandit whose optimum is known: π*(y) ∝ π_ref(y)·exp(r(y)/β)."""

from itertools import combinations
from pathlib import Path

import pytest
import torch

from rlaif_core.api import TrainingJob
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.dpo import DPO

BETA = 0.5
SETTINGS = {
    "beta": BETA,
    "max_completion_length": 1,
    "num_train_epochs": 1000,
    "logging_steps": 50,
}
GROUPS = {"learning_rate": 5e-3, "per_device_train_batch_size": 128, "num_generations": 32}
DR_GRPO = {"loss_type": "dr_grpo", "scale_rewards": "none"}


def trained(kind, bandit, tmp_path, **params) -> torch.Tensor:
    """The policy's probabilities after training, [prompts, vocabulary]."""
    job = TrainingJob(
        checkpoint=bandit.folder,
        reference=bandit.folder,
        preferences=Path(tmp_path),
        heldout=frozenset(),
        prompts=bandit.prompts,
        output=tmp_path / "output",
        scorer=bandit.score,
    )
    kind(kind.Params(**{**SETTINGS, **params})).train(job)
    return bandit.probabilities(str(job.output))


def solved(equation, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Root of a decreasing function of one number per prompt, by bisection."""
    for _ in range(100):
        middle = (low + high) / 2
        above = equation(middle) > 0
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return low


def test_it_is_far_from_the_optimum_at_first(bandit, divergence):
    assert divergence(bandit.probabilities(bandit.folder), bandit.optimum(BETA)) > 0.1


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (RLOO, {"max_steps": 60, **GROUPS}),
        (GRPO, {"max_steps": 80, **GROUPS, **DR_GRPO}),
        (
            OnlineDPO,
            {
                "learning_rate": 5e-3,
                "max_steps": 100,
                "per_device_train_batch_size": 4,
                "num_generations": 4,
                "label": "bradley-terry",
            },
        ),
    ],
)
def test_it_ends_at_the_optimum(kind, params, bandit, divergence, tmp_path):
    found = trained(kind, bandit, tmp_path, **params)
    assert divergence(found, bandit.optimum(BETA)) < 0.01


def test_dpo_on_population_preferences_ends_at_the_optimum(bandit, divergence, job, tmp_path):
    rewards = bandit.rewards()[:, -len(bandit.words) :]
    rows = [
        {
            "prompt": [{"role": "user", "content": prompt.text}],
            "chosen": [{"role": "assistant", "content": bandit.words[i]}],
            "rejected": [{"role": "assistant", "content": bandit.words[j]}],
            "p_chosen": float(torch.sigmoid(rewards[row, i] - rewards[row, j])),
            "margin": 0.0,
            "agreement": 1.0,
            "prompt_id": prompt.id,
        }
        for row, prompt in enumerate(bandit.prompts)
        for i, j in combinations(range(len(bandit.words)), 2)
    ]
    done = job(rows, checkpoint=bandit.folder, reference=bandit.folder)
    settings = {"per_device_train_batch_size": 24, "learning_rate": 5e-3, "beta": BETA}
    DPO(DPO.Params(**settings, num_train_epochs=100, max_steps=100)).train(done)
    optimum = (bandit.word_logprobs(bandit.folder) + rewards / BETA).softmax(-1)
    found = bandit.word_logprobs(str(done.output)).softmax(-1)
    assert divergence(bandit.word_logprobs(bandit.folder).softmax(-1), optimum) > 0.1
    assert divergence(found, optimum) < 0.01


def test_divergence_as_a_loss_without_correction_has_another_optimum(bandit, divergence, tmp_path):
    """The estimator k3 as a loss has the gradient of KL(reference‖policy).

    The policy then ends where π = β·π_ref / (λ - r), λ such that π sums to 1.
    """
    found = trained(
        GRPO, bandit, tmp_path, max_steps=80, use_bias_correction_kl=False, **GROUPS, **DR_GRPO
    )
    reference, rewards = bandit.probabilities(bandit.folder), bandit.rewards()

    def policy(level: torch.Tensor) -> torch.Tensor:
        return BETA * reference / (level[:, None] - rewards)

    highest = rewards.max(-1).values
    level = solved(lambda level: policy(level).sum(-1) - 1, highest + 1e-9, highest + 9)
    assert divergence(found, policy(level)) < 0.003
    assert divergence(found, bandit.optimum(BETA)) > 0.01


def test_standardised_rewards_scale_beta_by_their_deviation(bandit, divergence, tmp_path):
    """With `scale_rewards: group` the optimum is that of β·σ, σ the policy's own deviation."""
    found = trained(
        GRPO, bandit, tmp_path, max_steps=100, **{**GROUPS, "loss_type": "dr_grpo", "beta": 1.0}
    )
    reference, rewards = bandit.probabilities(bandit.folder), bandit.rewards()

    def policy(deviation: torch.Tensor) -> torch.Tensor:
        return (reference.log() + rewards / deviation[:, None]).softmax(-1)

    def deviation(probabilities: torch.Tensor) -> torch.Tensor:
        mean = (probabilities * rewards).sum(-1, keepdim=True)
        return (probabilities * (rewards - mean) ** 2).sum(-1).sqrt()

    # a policy without deviation solves the equation too, and is not where training starts
    least, most = torch.full((4,), 0.2).double(), torch.full((4,), 2.0).double()
    scale = solved(lambda scale: deviation(policy(scale)) - scale, least, most)
    assert divergence(found, policy(scale)) < 0.01
    assert divergence(found, bandit.optimum(1.0)) > 0.05
