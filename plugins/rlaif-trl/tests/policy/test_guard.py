"""The guard: what it sees, when it stops a training, and what it goes back to."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import DataError, Message, Prompt
from rlaif_trl.model import checkpoint as checkpoint_module
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.policy import run as run_module
from rlaif_trl.policy.divergence import kl_of_responses
from rlaif_trl.policy.watch import Evaluation
from rlaif_trl.ppo.optimizer import PPO

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]
HELD = [Prompt(f"h{i}", (Message("user", f"say {i}"),)) for i in range(20, 28)]
SHORT = {"max_completion_length": 8}
ONLINE = {"learning_rate": 1e-2, **SHORT, "logging_steps": 1, "beta": 0.0}


def early_letters(prompts, texts):
    return [float(sum(letter in "abcdefghijklm" for letter in text)) for text in texts]


def fewer_early_letters(prompts, texts):
    return [-reward for reward in early_letters(prompts, texts)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


@pytest.fixture
def online(job):
    def make(**changes):
        return job(
            **{"prompts": PROMPTS, "scorer": early_letters, "heldout_prompts": HELD, **changes}
        )

    return make


def test_scores_that_fall_beyond_chance_are_worse():
    before = Evaluation(0, scores=(1.0, 2.0, 3.0), reward=0.0)
    assert Evaluation(5, scores=(0.0, 1.1, 1.9), reward=0.5).worse_than(before)


@pytest.mark.parametrize(
    "now",
    [
        Evaluation(5, scores=(0.0, 3.0, 2.9), reward=0.5),  # by chance
        Evaluation(5, scores=(0.0, 1.0, 2.0), reward=-0.5),  # the reward fell as well
        Evaluation(5, scores=(0.0, None, None), reward=0.5),  # one prompt says nothing
        Evaluation(5, scores=(1.0, 2.0, 3.0), reward=0.5),
    ],
)
def test_what_is_not_worse(now):
    assert not now.worse_than(Evaluation(0, scores=(1.0, 2.0, 3.0), reward=0.0))


def test_judge_that_abstains_is_left_out_of_the_mean():
    assert Evaluation(0, scores=(1.0, None, 3.0)).mean == 2.0
    assert Evaluation(0, scores=(None,)).mean is None


def test_reward_that_rises_while_the_watching_judge_falls_stops_the_training(online):
    reported = []
    done = online(watch=fewer_early_letters, progress=lambda *step: reported.append(step))
    metrics = GRPO(GRPO.Params(**ONLINE, max_steps=40, watch_steps=4)).train(done)
    assert metrics["guard_watch"] == 1.0
    assert metrics["steps"] < 40
    assert metrics["kept_step"] < metrics["steps"]
    assert reported[-1][2]["watch/reward"] < reported[0][2]["watch/reward"]


def test_policy_goes_back_to_the_weights_that_were_kept(online, checkpoint):
    def likes_the_start(prompts, texts):
        asked.append(texts)
        return [-float(len(asked))] * len(texts)

    asked: list = []
    done = online(watch=likes_the_start)
    settings = {**ONLINE, "max_steps": 8, "watch_steps": 1, "watch_patience": 1}
    metrics = GRPO(GRPO.Params(**settings)).train(done)
    assert (metrics["kept_step"], metrics["steps"]) == (0, 1)
    start, found = load_file(Path(checkpoint) / "model.safetensors"), weights(done.output)
    assert all(torch.equal(found[name], start[name]) for name in start)


def test_judge_that_agrees_stops_nothing(online):
    metrics = GRPO(GRPO.Params(**ONLINE, max_steps=8, watch_steps=4)).train(
        online(watch=early_letters)
    )
    assert metrics["steps"] == 8
    assert "guard_watch" not in metrics
    assert metrics["watch_reward"] > 0


# An adapter of rank 4 carries this random model to about 0.12 nats and no further.
@pytest.mark.parametrize(("lora", "budget"), [(None, 0.5), ({"r": 4}, 0.05)])
def test_divergence_beyond_its_budget_stops_the_training(online, lora, budget):
    settings = {**ONLINE, "max_steps": 40, "watch_steps": 2, "max_kl": budget, "lora": lora}
    metrics = GRPO(GRPO.Params(**settings)).train(online())
    assert metrics["guard_kl"] == 1.0
    assert metrics["watch_kl"] > budget
    assert metrics["steps"] < 40


@pytest.mark.parametrize("kind", [DPO, GRPO, PPO])
def test_adapter_switched_off_is_the_reference_of_the_budget(kind, online, monkeypatch):
    loaded = []
    whole = checkpoint_module.load_causal

    def counted(*args):
        loaded.append(args)
        return whole(*args)

    for module in (checkpoint_module, run_module):
        monkeypatch.setattr(module, "load_causal", counted)
    settings = {"learning_rate": 1e-2, "max_steps": 4, "watch_steps": 2, "max_kl": 50.0}
    metrics = kind(kind.Params(**settings, lora={"r": 4}, **SHORT)).train(online())
    assert len(loaded) == 1  # the policy itself
    assert metrics["watch_kl"] > 0


def test_divergence_from_an_adapter_switched_off_is_that_from_the_model_without_it(checkpoint):
    from peft import LoraConfig, get_peft_model

    reference = checkpoint_module.load_causal(checkpoint, "float32")
    adapted = get_peft_model(
        checkpoint_module.load_causal(checkpoint, "float32"),
        LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"),
    )
    torch.manual_seed(0)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    asked = [[3, 40, 1, 4], [3, 41, 1, 4]], [[50, 51, 1], [60, 1]]
    switched_off = kl_of_responses(adapted, adapted, *asked, pad=0)
    assert switched_off == pytest.approx(kl_of_responses(adapted, reference, *asked, pad=0))
    assert min(switched_off) > 1e-4


def test_kept_policy_is_within_the_budget(online, checkpoint):
    done = online()
    settings = {**ONLINE, "max_steps": 40, "watch_steps": 2, "max_kl": 0.5}
    GRPO(GRPO.Params(**settings)).train(done)
    once_more = online(checkpoint=str(done.output), reference=checkpoint)
    more = GRPO(GRPO.Params(**{**settings, "learning_rate": 1e-9, "max_steps": 1})).train(once_more)
    assert more["watch_kl"] < 0.5


def test_divergence_of_an_untrained_policy_is_zero(online):
    settings = {**ONLINE, "learning_rate": 1e-12, "max_steps": 1, "max_kl": 0.5}
    metrics = GRPO(GRPO.Params(**settings)).train(online())
    assert metrics["watch_kl"] == pytest.approx(0.0, abs=1e-6)


def test_offline_training_is_guarded_too(online):
    settings = {"learning_rate": 1e-2, "max_steps": 30, "watch_steps": 2, "max_kl": 0.2}
    metrics = DPO(DPO.Params(**settings, max_completion_length=8)).train(online())
    assert metrics["guard_kl"] == 1.0
    assert metrics["steps"] < 30


def test_looking_changes_nothing_in_the_training(online):
    seen, unseen = online(watch=early_letters), online()
    for trained in (seen, unseen):
        GRPO(GRPO.Params(**ONLINE, max_steps=4, watch_steps=2)).train(trained)
    first, second = weights(seen.output), weights(unseen.output)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("before_the_end", [1, 6])
def test_guard_recalls_what_it_saw_before_an_interruption(online, tmp_path, before_the_end):
    reported = []
    settings = {**ONLINE, "max_steps": 40, "watch_steps": 4}
    undisturbed = GRPO(GRPO.Params(**settings)).train(online(watch=fewer_early_letters))
    stop_at = int(undisturbed["steps"]) - before_the_end
    stopped = online(
        watch=fewer_early_letters,
        work=tmp_path / "work",
        progress=lambda *step: reported.append(step),
        cancelled=lambda: bool(reported) and reported[-1][0] >= stop_at,
    )
    GRPO(GRPO.Params(**settings)).train(stopped)
    resumed = GRPO(GRPO.Params(**settings)).train(replace(stopped, cancelled=lambda: False))
    assert resumed["steps"] == undisturbed["steps"]
    assert resumed["kept_step"] == undisturbed["kept_step"]


def test_budget_needs_prompts_to_measure_on(job):
    with pytest.raises(DataError, match="max_kl needs prompts to measure the divergence on"):
        DPO(DPO.Params(max_kl=1.0)).train(job())
