"""Training in two processes on the CPU, started by the optimizer itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import Message, Prompt, RunError
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead
from rlaif_trl.soups.optimizer import Soups

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]


@pytest.fixture(autouse=True)
def one_thread_each(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_two_processes_with_half_the_batch_learn_what_one_learns(job):
    one, two, reported = job(), job(progress=lambda *step: reported.append(step[:2])), []
    settings = {"learning_rate": 1e-3, "optim": "sgd", "max_steps": 3}
    alone = DPO(DPO.Params(**settings, per_device_train_batch_size=16)).train(one)
    together = DPO(DPO.Params(**settings, per_device_train_batch_size=8, processes=2)).train(two)
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-4)
    first, second = weights(one.output), weights(two.output)
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_rewards_progress_and_held_out_prompts_come_from_the_job(job):
    reported, asked = [], []

    def scorer(prompts, texts):
        asked.append([prompt.id for prompt in prompts])
        return [float(len(text)) if i % 3 else None for i, text in enumerate(texts)]

    done = job(
        prompts=PROMPTS,
        scorer=scorer,
        heldout_prompts=PROMPTS[:4],
        watch=lambda prompts, texts: [1.0] * len(texts),
        progress=lambda *step: reported.append(step[:2]),
    )
    settings = {"max_steps": 2, "max_completion_length": 8, "logging_steps": 1}
    metrics = GRPO(GRPO.Params(**settings, processes=2)).train(done)
    assert reported == [(1, 2), (2, 2)]
    assert len(asked) == 4  # two steps of two processes
    assert all(len(set(ids)) == 2 and len(ids) == 8 for ids in asked)  # groups are whole
    assert metrics["watch_reward"] == 1.0
    assert metrics["left_out"] == pytest.approx(3 / 8)
    assert (done.output / "model.safetensors").is_file()


def test_what_ends_a_process_is_one_line(job):
    def scorer(prompts, texts):
        raise RunError("the budget is spent")

    done = job(prompts=PROMPTS, scorer=scorer)
    with pytest.raises(RunError, match="the budget is spent"):
        GRPO(GRPO.Params(max_steps=1, max_completion_length=8, processes=2)).train(done)


def test_reward_model_of_two_processes_is_that_of_one(job):
    held = frozenset({"p0", "p1", "p2"})
    one, two = job(heldout=held), job(heldout=held)
    settings = {"learning_rate": 1e-2, "optim": "sgd", "max_steps": 2, "lora": {"r": 4}}
    alone = ScalarHead(ScalarHead.Params(**settings, per_device_train_batch_size=16)).fit(one)
    together = ScalarHead(
        ScalarHead.Params(**settings, per_device_train_batch_size=8, processes=2)
    ).fit(two)
    assert together == pytest.approx(alone, rel=1e-4, abs=1e-5)
    first, second = weights(one.output), weights(two.output)
    for name, weight in first.items():
        assert (second[name] - weight).norm() <= 1e-3 * weight.norm(), name
    assert (two.output / "adapter" / "adapter_model.safetensors").is_file()


def test_ensemble_and_its_search_for_noise_train_in_two_processes(job, tmp_path):
    reported = []
    done = job(work=tmp_path / "work", progress=lambda *step: reported.append(step[:2]))
    settings = {"members": 2, "max_steps": 2, "noise": {"folds": 2}, "lora": {"r": 2}}
    metrics = Ensemble(Ensemble.Params(**settings, processes=2)).fit(done)
    assert metrics["members"] == 2
    assert reported[-1] == (8, 8)  # two folds and two members
    assert (done.output / "noise.jsonl").is_file()
    assert len(list(done.output.rglob("model.safetensors"))) == 2


def test_each_parent_of_a_soup_learns_its_own_reward_in_two_processes(job):
    asked = {"long": 0, "short": 0}

    def rewarded(name, sign):
        def scorer(prompts, texts):
            asked[name] += len(texts)
            return [sign * float(len(text)) for text in texts]

        return scorer

    objectives = {"long": rewarded("long", 1), "short": rewarded("short", -1)}
    done = job(prompts=PROMPTS, scorer=objectives["long"], objectives=objectives)
    inner = {"max_steps": 1, "max_completion_length": 8, "processes": 2}
    Soups(Soups.Params(params=inner, steps=0)).train(done)
    assert asked == {"long": 16, "short": 16}  # a step of two processes of eight
    assert (done.output / "model.safetensors").is_file()


def test_a_job_file_is_done_by_hand_as_the_guide_says(job, tmp_path):
    done = job()
    file = tmp_path / "job.json"
    record = {
        "optimizer": "rlaif_trl.pairs.dpo:DPO",
        "params": {"max_steps": 2, "learning_rate": 1e-3},
        "job": {
            "checkpoint": done.checkpoint,
            "preferences": str(done.preferences),
            "output": str(done.output),
        },
    }
    file.write_text(json.dumps(record))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    command = [*launch, "--num_processes", "2", "-m", "rlaif_trl.processes", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    assert json.loads((tmp_path / "result.json").read_text())["metrics"]["steps"] == 2
    assert (done.output / "model.safetensors").is_file()
