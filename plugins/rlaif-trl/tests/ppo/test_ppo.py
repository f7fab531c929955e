"""The optimizer as a recipe uses it."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlaif_core.api import DataError, Message, PluginError, Prompt, RunError
from rlaif_trl.ppo.equations import adapted_kl_coef
from rlaif_trl.ppo.optimizer import PPO


def test_the_output_loads_by_from_pretrained_alone(train):
    done = train()
    model = AutoModelForCausalLM.from_pretrained(done.folder)
    assert AutoTokenizer.from_pretrained(done.folder).chat_template
    assert not list(done.job.output.glob("*.bin"))
    assert model.config.use_cache


def test_it_starts_at_the_reference_and_tells_every_step(train):
    done = train(max_steps=3)
    assert [len(done.steps), done.metrics["steps"]] == [3, 3]
    assert done.steps[0]["kl_per_response"] == 0.0
    assert done.steps[2]["kl_per_response"] != 0.0
    assert done.metrics["reward"] == done.steps[-1]["reward"]
    assert all(math.isfinite(metric) for metric in done.metrics.values())


def test_it_raises_the_reward_it_is_given(train):
    done = train(max_steps=12, per_device_train_batch_size=16, learning_rate=1e-2, kl_coef=0.0)
    assert done.steps[-1]["reward"] > done.steps[0]["reward"] + 0.3


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(train):
    first, again, other = train().weights, train().weights, train(seed=1).weights
    assert all(torch.equal(weight, again[name]) for name, weight in first.items())
    assert any(not torch.equal(weight, other[name]) for name, weight in first.items())


@pytest.mark.parametrize(
    "params",
    [{}, {"lora": {"r": 4}, "kl_target": 0.1, "kl_horizon": 100, "lr_scheduler_type": "cosine"}],
    ids=["whole model", "adapter"],
)
def test_a_resumed_run_equals_an_undisturbed_one_bit_for_bit(train, tmp_path, params):
    undisturbed = train(max_steps=4, **params)
    work = tmp_path / "work"
    reported = []
    interrupted = train(
        {
            "work": work,
            "cancelled": lambda: len(reported) >= 2,
            "progress": lambda *step: reported.append(step),
        },
        max_steps=4,
        **params,
    )
    assert [folder.name for folder in (work / "checkpoints").glob("checkpoint-*")] == [
        "checkpoint-2"
    ]
    assert not (interrupted.job.output / "model.safetensors").exists()
    resumed = train({"work": work}, max_steps=4, **params)
    assert len(resumed.steps) == 2
    assert resumed.metrics == undisturbed.metrics
    for name, weight in undisturbed.weights.items():
        assert torch.equal(weight, resumed.weights[name]), name


def test_only_the_newest_checkpoint_is_kept(train, tmp_path):
    train({"work": tmp_path / "work"}, max_steps=3, save_steps=1)
    kept = [folder.name for folder in (tmp_path / "work" / "checkpoints").iterdir()]
    assert kept == ["checkpoint-3"]


def test_a_checkpoint_of_another_model_is_refused(train, tmp_path):
    work = {"work": tmp_path / "work"}
    train(work, save_steps=1)
    with pytest.raises(RunError, match="holds other weights than this training: delete it"):
        train(work, lora={"r": 4})


def test_an_adapter_is_merged_and_kept_beside_the_model(train):
    done = train(lora={"r": 4})
    assert (done.job.output / "adapter" / "adapter_model.safetensors").is_file()
    assert not any("lora" in name for name in done.weights)


def test_divergence_is_measured_from_the_reference_not_from_the_start(train, tmp_path):
    moved = train(learning_rate=1e-2)
    done = train({"checkpoint": moved.folder})
    assert done.steps[0]["kl_per_response"] != 0.0


def test_a_response_that_does_not_end_costs_the_penalty(train):
    plain, penalised = train(), train(missing_eos_penalty=5.0)
    assert plain.steps[0]["cut_off"] > 0
    assert penalised.steps[0]["reward"] == plain.steps[0]["reward"], "it is not the scorer's"
    assert penalised.steps[0]["value_loss"] > plain.steps[0]["value_loss"]


def test_the_coefficient_follows_the_measured_divergence(train):
    done = train(max_steps=4, learning_rate=1e-2, kl_target=0.05, kl_horizon=100)
    for before, after in pairwise(done.steps):
        expected = adapted_kl_coef(before["kl_coef"], before["kl_per_response"], 0.05, 8, 100)
        assert after["kl_coef"] == expected != before["kl_coef"]


def test_several_responses_to_a_prompt_come_to_the_scorer_together(train):
    asked = []

    def scorer(prompts, texts):
        asked.append([prompt.id for prompt in prompts])
        return [0.0] * len(texts)

    train({"scorer": scorer}, num_generations=4)
    for prompts in asked:
        groups = [prompts[i : i + 4] for i in range(0, len(prompts), 4)]
        assert all(len(set(group)) == 1 for group in groups)


def test_every_prompt_is_asked_once_a_pass(train):
    asked = []

    def scorer(prompts, texts):
        asked.extend(prompt.id for prompt in prompts)
        return [0.0] * len(texts)

    train({"scorer": scorer}, max_steps=3)
    assert len(asked) == 24
    assert all(sorted(asked[i : i + 6]) == [f"p{n}" for n in range(6)] for i in range(0, 24, 6))


def test_the_episodes_are_as_many_as_asked_for(train):
    assert train(max_steps=-1, total_episodes=20).metrics["steps"] == 3
    assert train(max_steps=-1, num_train_epochs=2).metrics["steps"] == 2


def test_a_reward_that_failed_is_left_out_and_counted(train):
    def scorer(prompts, texts):
        return [None, *([1.0] * (len(texts) - 1))]

    done = train({"scorer": scorer})
    assert done.metrics["left_out"] == 1.0
    assert done.metrics["reward"] == 1.0


def test_a_step_without_any_reward_stops_the_run(train):
    with pytest.raises(RunError, match="none of a step's 8 responses has a reward"):
        train({"scorer": lambda prompts, texts: [None] * len(texts)})


def test_a_reward_that_is_no_number_stops_the_run(train):
    with pytest.raises(RunError, match="return None for a score that failed"):
        train({"scorer": lambda prompts, texts: [math.nan] * len(texts)})


def test_a_diverging_run_stops_with_the_fix(train):
    with pytest.raises(RunError, match=r"training diverged at step .* lower learning_rate"):
        train(learning_rate=1e30, max_grad_norm=0, max_steps=6)


def test_without_a_scorer_or_prompts_nothing_is_loaded(train):
    with pytest.raises(DataError, match="give the recipe a scorer"):
        train({"scorer": None, "checkpoint": "/nowhere"})
    with pytest.raises(DataError, match="give the recipe a source with prompts"):
        train({"prompts": (), "checkpoint": "/nowhere"})


def test_a_prompt_that_leaves_no_room_is_an_error_or_cut_and_counted(train):
    prompts = [Prompt("long", (Message("user", "x" * 100),)), Prompt("p", (Message("user", "y"),))]
    with pytest.raises(DataError, match="1 of 2 prompts"):
        train({"prompts": prompts})
    assert train({"prompts": prompts}, overlong="truncate").metrics["truncated"] == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"num_generations": 3}, "num_generations 3 does not divide the batch of 8"),
        ({"kl_horizon": 100}, "kl_horizon has no effect without kl_target"),
        ({"lora": {"dropout": 0.1}}, "lora.dropout would make the ratio"),
    ],
)
def test_settings_that_cannot_work_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        PPO.Params(**params)


def test_the_value_model_starts_from_the_reward_model(train, job, checkpoint):
    from rlaif_trl.reward.scalar_head import ScalarHead

    fitted = replace(job(), heldout=frozenset())
    ScalarHead(ScalarHead.Params(max_steps=3)).fit(fitted)
    from_reward = train({"reward_model": fitted.output})
    from_policy = train({"reward_model": fitted.output}, value_model="policy")
    assert from_reward.steps[0]["value_loss"] != from_policy.steps[0]["value_loss"]
    assert from_policy.steps[0]["value_loss"] == train().steps[0]["value_loss"]


def test_a_reward_model_with_another_tokenizer_is_refused(train, bandit, tmp_path):
    from transformers import AutoModelForSequenceClassification

    folder = tmp_path / "reward"
    model = AutoModelForSequenceClassification.from_pretrained(bandit.folder, num_labels=1)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(bandit.folder).save_pretrained(folder)
    with pytest.raises(PluginError, match="different tokenizers: set value_model: policy"):
        train({"reward_model": folder})


def test_a_value_model_from_no_reward_model_is_refused(train):
    with pytest.raises(PluginError, match="this round trains none"):
        train(value_model="reward_model")
