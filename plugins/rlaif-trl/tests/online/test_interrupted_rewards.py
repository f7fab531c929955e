"""Training that goes on after an interruption asks again what it asked after its checkpoint.

Rewards that depend on earlier ones, such as those of a reward constraint, rely on it.
"""

from dataclasses import dataclass, field, replace

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import Message, Prompt
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.rejection import Rejection
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.ppo.optimizer import PPO

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
SETTINGS = {"max_steps": 6, "max_completion_length": 8, "logging_steps": 1, "learning_rate": 1e-3}


@dataclass
class Owner:
    """Records its calls, and dies after a step."""

    dies_after: int = 0
    asked: list[list[str]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def score(self, prompts, texts):
        self.asked.append(list(texts))
        return [float(len(text)) for text in texts]

    def progress(self, done, total, metrics):
        self.steps.append(done)
        if done == self.dies_after:
            raise KeyboardInterrupt


def owned(job, owner, prompts=PROMPTS, **changes):
    return job(prompts=prompts, scorer=owner.score, progress=owner.progress, **changes)


def same(one, other):
    first, second = (load_file(job.output / "model.safetensors") for job in (one, other))
    return all(torch.equal(first[name], second[name]) for name in first)


def interrupted(made, job, work, dies_after, prompts=PROMPTS):
    """Calls of a killed training, calls of its resumption, and whether the results are equal."""
    whole, first, again = Owner(), Owner(dies_after), Owner()
    undisturbed = owned(job, whole, prompts)
    made.train(undisturbed)
    killed = owned(job, first, prompts, work=work)
    with pytest.raises(KeyboardInterrupt):
        made.train(killed)
    made.train(replace(killed, scorer=again.score, progress=again.progress))
    return whole.asked, first.asked, again.asked, same(undisturbed, killed)


@pytest.mark.parametrize("kind", [GRPO, RLOO, OnlineDPO, PPO])
def test_killed_training_asks_again_from_its_checkpoint_on(kind, job, tmp_path):
    made = kind(kind.Params(**SETTINGS, save_steps=2))
    whole, first, again, ended_alike = interrupted(made, job, tmp_path / "work", dies_after=3)
    assert (first, again) == (whole[:3], whole[2:])
    assert ended_alike


def test_interrupted_drawing_asks_for_the_rest_alone(job, tmp_path):
    prompts = [replace(PROMPTS[0], id=f"p{i}") for i in range(150)]
    made = Rejection(Rejection.Params(**SETTINGS, num_generations=2))
    whole, first, again, ended_alike = interrupted(
        made, job, tmp_path / "work", dies_after=2, prompts=prompts
    )
    assert (first, again) == (whole[:2], whole[2:])
    assert ended_alike


@pytest.mark.parametrize(
    "draws",
    [
        {"num_iterations": 2},
        {"steps_per_generation": 3},
        {"gradient_accumulation_steps": 2, "steps_per_generation": 4},
    ],
)
def test_training_that_is_stopped_between_two_draws_stops_at_the_next(draws, job, tmp_path):
    made = RLOO(RLOO.Params(**SETTINGS, **draws))
    undisturbed = owned(job, Owner())
    made.train(undisturbed)
    owner = Owner()
    stopped = owned(job, owner, work=tmp_path / "work", cancelled=lambda: bool(owner.steps))
    made.train(stopped)
    assert owner.steps[-1] == made.params.whole_steps > 1
    made.train(replace(stopped, cancelled=lambda: False))
    assert owner.steps == [1, 2, 3, 4, 5, 6]
    assert same(undisturbed, stopped)
