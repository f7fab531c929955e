"""The optimizer `dpo`, on a tiny model."""

import math
import random
import socket
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import DataError, PluginError, RunError
from rlaif_trl.pairs.dpo import DPO, DPOParams


def optimizer(**params) -> DPO:
    return DPO(DPO.Params(**{"learning_rate": 1e-3, "logging_steps": 1, **params}))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return all(torch.equal(first[name], second[name]) for name in first)


def first_loss(job, **params) -> float:
    """The loss of the first batch, before any update."""
    return optimizer(max_steps=1, per_device_train_batch_size=48, **params).train(job)["loss"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"soft_labels": False},
        {"precompute_ref_log_probs": False},
        {"lora": {"r": 4}},
        {"lora": {"r": 4}, "precompute_ref_log_probs": False},
        {"gradient_checkpointing": True},
    ],
)
def test_first_loss_is_log_two_where_the_reference_is_the_policy(job, params):
    assert first_loss(job(), **params) == pytest.approx(math.log(2), abs=1e-5)


def test_policy_learns_what_is_preferred(job):
    metrics = optimizer(num_train_epochs=3).train(job())
    assert metrics["loss"] < 0.6
    assert metrics["accuracy"] == 1.0
    assert metrics["margin"] > 0.2
    assert metrics["steps"] == 18
    assert metrics["preferences"] == 48


def test_soft_labels_hold_the_margin_back(job, preferences):
    certain, soft = (
        optimizer(num_train_epochs=8, learning_rate=3e-3, soft_labels=soft).train(
            job(preferences(p_chosen=0.6))
        )["margin"]
        for soft in (False, True)
    )
    assert 0 < soft < certain / 2


def test_output_loads_by_transformers_alone(job):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    done = job()
    optimizer(max_steps=1).train(done)
    model = AutoModelForCausalLM.from_pretrained(done.output)
    tokenizer = AutoTokenizer.from_pretrained(done.output)
    assert model.config.use_cache
    assert tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)


def test_output_holds_the_policy_and_nothing_else(job):
    done = job()
    optimizer(max_steps=1).train(done)
    assert sorted(file.name for file in done.output.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_adapter_is_merged_into_the_policy_and_kept_beside_it(job, checkpoint):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    done = job()
    optimizer(lora={"r": 4}, learning_rate=1e-2).train(done)
    ids = torch.arange(10)[None]
    merged = AutoModelForCausalLM.from_pretrained(done.output)(ids).logits
    base = AutoModelForCausalLM.from_pretrained(checkpoint)
    before = base(ids).logits
    adapted = PeftModel.from_pretrained(base, done.output / "adapter")(ids).logits
    assert torch.allclose(merged, adapted, atol=1e-5)
    assert not torch.allclose(merged, before, atol=1e-3)
    assert not list(done.output.rglob("README.md"))


def test_same_seed_gives_the_same_weights(job):
    one, other = job(seed=3), job(seed=3)
    for run in (one, other):
        optimizer(lora={"r": 2, "dropout": 0.1}).train(run)
    assert same(one.output, other.output)


def test_another_seed_gives_other_weights(job):
    one, other = job(seed=3), job(seed=4)
    for run in (one, other):
        optimizer().train(run)
    assert not same(one.output, other.output)


def test_reference_may_be_another_checkpoint(job, other_checkpoint):
    done = job(reference=other_checkpoint)
    loss = first_loss(done)
    assert loss != pytest.approx(math.log(2), abs=1e-3)
    kept = job(reference=other_checkpoint)
    assert first_loss(kept, precompute_ref_log_probs=False) == pytest.approx(loss, abs=1e-5)
    adapted = job(reference=other_checkpoint)
    assert first_loss(adapted, lora={"r": 2}) == pytest.approx(loss, abs=1e-5)


def test_reference_with_another_vocabulary_is_refused(job, checkpoint, tokenizer, tmp_path):
    from transformers import AutoConfig, LlamaForCausalLM

    folder = tmp_path / "wide"
    LlamaForCausalLM(AutoConfig.from_pretrained(checkpoint, vocab_size=300)).save_pretrained(folder)
    with pytest.raises(PluginError, match="both must have the same tokenizer"):
        optimizer().train(job(reference=str(folder)))


@pytest.mark.parametrize("loss", ["sigmoid", "sigmoid_norm", "robust", "hinge", "ipo", "sppo_hard"])
def test_losses_with_certain_labels_are_those_of_trl(
    loss, checkpoint, other_checkpoint, tokenizer, tmp_path
):
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import DPOConfig

    from rlaif_trl.pairs.dpo_trainer import LabelledCollator, SoftDPOTrainer
    from rlaif_trl.preferences.losses import PairLoss

    label = {"p_chosen": 1.0, "margin": 0.0, "weight": 1.0}
    rows = [
        {"prompt_ids": [3, 40], "chosen_ids": [50, 60, 1], "rejected_ids": [70, 1], **label},
        {"prompt_ids": [3, 41], "chosen_ids": [80, 1], "rejected_ids": [51, 61, 71, 1], **label},
    ]
    trainer = SoftDPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(checkpoint),
        ref_model=AutoModelForCausalLM.from_pretrained(other_checkpoint),
        args=DPOConfig(
            output_dir=str(tmp_path),
            beta=0.7,
            loss_type=[loss],
            label_smoothing=0.2 if loss == "robust" else 0.0,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to="none",
        ),
        data_collator=LabelledCollator(pad_token_id=0),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    batch = trainer.data_collator(rows)
    theirs = trainer.compute_loss(trainer.model, dict(batch))
    trainer.pair_losses = [PairLoss(loss, 0.7, trainer.label_smoothing)]
    ours = trainer.compute_loss(trainer.model, dict(batch))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        "exo_pair",
        "nca_pair",
        "bco_pair",
        "discopop",
        "aot",
        "aot_unpaired",
        "apo_zero",
        "apo_down",
        "sft",
    ],
)
def test_every_other_loss_of_trl_trains(job, loss):
    smoothing = 0.001 if loss == "exo_pair" else 0.0
    done = job()
    metrics = optimizer(loss_type=loss, label_smoothing=smoothing, max_steps=1).train(done)
    assert math.isfinite(metrics["loss"])
    assert weights(done.output)


def test_losses_add_up_by_their_weights(job, other_checkpoint):
    def loss(**params: object) -> float:
        return first_loss(job(reference=other_checkpoint), soft_labels=True, **params)

    both = loss(loss_type=["sigmoid", "hinge"], loss_weights=[0.25, 2.0])
    expected = 0.25 * loss(loss_type="sigmoid") + 2.0 * loss(loss_type="hinge")
    assert both == pytest.approx(expected, rel=1e-5)


def test_margin_is_asked_of_the_implicit_reward(job):
    asked = math.log1p(math.exp(0.5 * 0.8))  # ℓ(0 - 0.5 · (2 · 0.9 - 1))
    assert first_loss(job(), soft_labels=False, margin=0.5) == pytest.approx(asked, abs=1e-5)


def test_heldout_preferences_can_be_left_out_and_measured(job):
    held = frozenset(f"p{i}" for i in range(8))
    metrics = optimizer(num_train_epochs=3, train_on_heldout=False).train(job(heldout=held))
    assert metrics["preferences"] == 40
    assert metrics["heldout"] == 8
    assert metrics["heldout_accuracy"] > 0.9
    assert metrics["heldout_loss"] < math.log(2)


def test_heldout_preferences_are_trained_on_by_default(job):
    assert optimizer(max_steps=1).train(job(heldout=frozenset({"p0"})))["preferences"] == 48


def test_progress_is_told_after_each_step(job):
    reported = []
    optimizer().train(job(progress=lambda *step: reported.append(step)))
    assert [(done, total) for done, total, _ in reported] == [(i, 6) for i in range(1, 7)]
    assert reported[-1][2]["loss"] < reported[1][2]["loss"]


def test_cancelled_training_stops_and_writes_no_policy(job):
    reported = []
    done = job(progress=lambda *step: reported.append(step), cancelled=lambda: len(reported) >= 2)
    assert optimizer(num_train_epochs=9).train(done)["steps"] == 2
    assert not (done.output / "config.json").exists()


def test_resumed_training_equals_an_undisturbed_one(job):
    undisturbed = job()
    optimizer(save_steps=2).train(undisturbed)
    reported = []
    stopped = job(
        progress=lambda *step: reported.append(step), cancelled=lambda: len(reported) == 3
    )
    optimizer(save_steps=2).train(stopped)
    optimizer(save_steps=2).train(stopped)
    assert [done for done, _, _ in reported] == [1, 2, 3, 3, 4, 5, 6]  # 3 was not saved
    assert same(undisturbed.output, stopped.output)


def test_nothing_is_printed_and_nobody_is_called(job, capfd, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("CI", raising=False)
    optimizer(lora={"r": 2}).train(job())
    assert capfd.readouterr() == ("", "")


def test_random_state_of_the_process_is_left_alone(job):
    random.seed(5)
    torch.manual_seed(5)
    states = random.getstate(), torch.random.get_rng_state()
    optimizer(max_steps=1).train(job())
    assert random.getstate() == states[0]
    assert torch.equal(torch.random.get_rng_state(), states[1])


def test_accumulated_gradients_are_those_of_one_batch(job):
    one, other = job(), job()
    optimizer(per_device_train_batch_size=16, optim="sgd").train(one)
    optimizer(per_device_train_batch_size=4, gradient_accumulation_steps=4, optim="sgd").train(
        other
    )
    first, second = weights(one.output), weights(other.output)
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_reports_to_what_is_not_installed_are_refused(job):
    with pytest.raises(PluginError, match="report_to: nowhere is not installed"):
        optimizer(report_to=["nowhere"]).train(job())


def test_too_few_preferences_are_refused(job, preferences):
    with pytest.raises(DataError, match="7 preferences are too few to train on, at least 8"):
        optimizer().train(job(preferences(7)))


def test_ties_alone_are_refused(job, preferences):
    with pytest.raises(DataError, match="all 48 preferences are ties"):
        optimizer().train(job(preferences(p_chosen=0.5)))


def test_too_long_preferences_are_counted_and_refused(job, preferences):
    rows = preferences()
    rows[3]["prompt"] = [{"role": "user", "content": "long " * 20}]
    with pytest.raises(DataError, match="1 of 48 are longer than 96 tokens, the longest has 113"):
        optimizer().train(job(rows))


def test_too_long_preferences_are_truncated_on_request(job, preferences):
    rows = preferences()
    rows[3]["prompt"] = [{"role": "user", "content": "long " * 20}]
    metrics = optimizer(max_steps=1, overlong="truncate").train(job(rows))
    assert metrics["truncated"] == 1
    assert metrics["preferences"] == 48


def test_lora_names_that_match_nothing_are_refused(job):
    with pytest.raises(PluginError, match="match no module of the model: choose from down_proj"):
        optimizer(lora={"target_modules": ["query"]}).train(job())


def test_divergence_stops_the_training(job):
    with pytest.raises(RunError, match=r"diverged at step \d+: .*; lower learning_rate"):
        optimizer(learning_rate=1e30, max_grad_norm=0, num_train_epochs=5).train(job())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss_type": "nca_pair", "soft_labels": True}, "soft_labels has no effect on the loss"),
        ({"loss_type": "ipo", "margin": 1.0}, "margin has no effect on the loss 'ipo'"),
        ({"loss_type": "apo_zero", "weights": "margin"}, "weights has no effect"),
        ({"loss_type": ["sft", "sigmoid"], "label_smoothing": 0.1}, "label_smoothing has no"),
        ({"loss_type": "exo_pair"}, "needs label_smoothing"),
        ({"loss_type": []}, "name at least one loss"),
        ({"loss_weights": [1.0, 2.0]}, "2 loss_weights for 1 losses"),
        ({"loss_type": "kto"}, "Input should be 'sigmoid'"),
    ],
)
def test_settings_without_effect_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        DPOParams(**params)


def test_labels_are_soft_by_default_with_the_loss_sigmoid_alone():
    assert DPOParams().soft
    assert not DPOParams(loss_type="ipo").soft
    assert DPOParams(loss_type="ipo", soft_labels=True).soft
