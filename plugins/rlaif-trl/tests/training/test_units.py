"""Metrics that could be per token or per response name their unit."""

import pytest

from rlaif_core.api import Message, Prompt
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.ppo.optimizer import PPO

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
QUICK = {"max_steps": 1, "learning_rate": 1e-3}
ONLINE = {**QUICK, "max_completion_length": 8}


@pytest.mark.parametrize(
    ("kind", "params", "named"),
    [
        (GRPO, {**ONLINE, "beta": 0.1}, {"kl_per_token", "entropy_per_token"}),
        (RLOO, {**ONLINE, "beta": 0.1}, {"kl_per_token", "entropy_per_token"}),
        (PPO, ONLINE, {"kl_per_response", "entropy_per_response"}),
        (KTO, QUICK, {"kl_of_mismatched_pairs", "entropy_per_token"}),
    ],
)
def test_a_divergence_and_an_entropy_are_told_with_their_unit(kind, params, named, job):
    reported = []
    done = job(
        prompts=PROMPTS,
        scorer=lambda prompts, texts: [float(len(text)) for text in texts],
        progress=lambda step, steps, figures: reported.append(figures),
    )
    found = kind(kind.Params(**params)).train(done)
    assert named <= found.keys()
    assert {"kl", "entropy"}.isdisjoint({*found, *(name for log in reported for name in log)})
