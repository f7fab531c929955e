"""Every variant that a word in a recipe names trains: a step that is a number and moves weights."""

import math

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import Message, Prompt
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.pairs.reference_free import CPO
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.reward.scalar_head import ScalarHead

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
SHORT = {"max_completion_length": 8}
SHARED = {"learning_rate": 1e-3, "max_steps": 2, "logging_steps": 1}

VARIANTS = [
    *[
        (GRPO, {**SHORT, "loss_type": loss})
        for loss in ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo")
    ],
    (GRPO, {**SHORT, "importance_sampling_level": "sequence", "loss_type": "grpo"}),  # GSPO
    (GRPO, {**SHORT, "scale_rewards": "batch", "delta": 1.5, "epsilon_high": 0.28}),
    (RLOO, {**SHORT, "normalize_advantages": True, "reward_clip_range": (0.0, 7.0)}),
    *[(OnlineDPO, {**SHORT, "loss_type": loss}) for loss in ("sigmoid_norm", "ipo", "hinge")],
    (OnlineDPO, {**SHORT, "label": "bradley-terry", "num_generations": 4}),
    (KTO, {"loss_type": "apo_zero_unpaired"}),
    *[(CPO, {"loss_type": loss}) for loss in ("hinge", "ipo")],
    *[(kind, {"dtype": "bfloat16"}) for kind in (DPO, ScalarHead)],
    *[
        (DPO, {"optim": optim, "lr_scheduler_type": "cosine", "warmup_ratio": 0.5})
        for optim in ("adafactor", "rmsprop")
    ],
]


def length(prompts, texts):
    return [float(len(text)) for text in texts]


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
def test_it_trains(kind, params, job, checkpoint):
    done = job(prompts=PROMPTS, scorer=length)
    metrics = JobFile.do(kind(kind.Params(**SHARED, **params)), done)
    assert math.isfinite(metrics["loss"])
    assert metrics["steps"] == 2
    start = load_file(f"{checkpoint}/model.safetensors")
    found = load_file(done.output / "model.safetensors")
    assert any(
        not torch.equal(start[name].to(weight.dtype), weight)
        for name, weight in found.items()
        if name in start
    )


def test_nothing_is_learned_from_cut_off_responses_on_request(job, checkpoint):
    done = job(prompts=PROMPTS, scorer=length)
    params = {**SHARED, "max_completion_length": 1, "mask_truncated_completions": True, "beta": 0.0}
    metrics = GRPO(GRPO.Params(**params)).train(done)
    assert metrics["cut_off"] == 1.0
    start, found = (
        load_file(f"{folder}/model.safetensors") for folder in (checkpoint, done.output)
    )
    assert all(torch.equal(start[name], found[name]) for name in start)
