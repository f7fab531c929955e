"""Refusals of reward models: one line with the fix, before anything is trained."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from rlaif_core.api import DataError, Message, PluginError, Prompt
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead

PROMPT = Prompt("x", (Message("user", "say 12"),))


@pytest.fixture(params=["trl", "ensemble", "with noise"])
def fit(request, job):
    """Fits each reward model on a checkpoint, and sees that no step was done."""

    def run(rows=None, **changes):
        steps = []
        kind = Ensemble if request.param == "ensemble" else ScalarHead
        noise = {"folds": 2} if request.param == "with noise" else None
        try:
            done = job(rows, progress=lambda *step: steps.append(step), **changes)
            return kind(kind.Params(noise=noise)).fit(done)
        finally:
            assert not steps

    return run


@pytest.fixture
def copied(checkpoint, tmp_path) -> Path:
    """A copy of the checkpoint that a test may spoil."""
    folder = tmp_path / "spoiled"
    shutil.copytree(checkpoint, folder)
    return folder


def edit(file: Path, **changes):
    values = json.loads(file.read_text())
    values.update(changes)
    file.write_text(
        json.dumps({name: value for name, value in values.items() if value is not None})
    )


def test_too_few_preferences(fit, preferences):
    with pytest.raises(DataError, match="3 preferences are too few to train on, at least 8"):
        fit(preferences(3))


def test_all_ties(fit, preferences):
    with pytest.raises(DataError, match="all 48 preferences are ties"):
        fit(preferences(p_chosen=0.5))


def test_prompts_that_are_too_long(fit, preferences):
    rows = preferences(60)
    rows[7]["prompt"] = [{"role": "user", "content": "say " + "9" * 200}]
    with pytest.raises(DataError, match=r"2 of 120 are longer than 96 tokens, .*overlong: trunc"):
        fit(rows)


def test_held_out_prompts_that_are_too_long(fit, preferences):
    rows = preferences(60)
    rows[7]["prompt"] = [{"role": "user", "content": "say " + "9" * 200}]
    with pytest.raises(DataError, match="2 of 2 are longer than 96 tokens"):
        fit(rows, heldout=frozenset({"p7"}))


def test_a_tokenizer_without_a_chat_template(fit, copied):
    (copied / "chat_template.jinja").unlink()
    with pytest.raises(PluginError, match=r"has no chat template: put a chat_template\.jinja"):
        fit(checkpoint=str(copied))


def test_a_tokenizer_with_neither_pad_nor_end_token(fit, copied):
    edit(copied / "tokenizer_config.json", pad_token=None, eos_token=None)
    with pytest.raises(PluginError, match="neither a pad token nor an eos token"):
        fit(checkpoint=str(copied))


def test_weights_that_are_not_safetensors(fit, copied):
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(PluginError, match="no safetensors file"):
        fit(checkpoint=str(copied))


def test_a_context_that_the_model_does_not_have(job):
    with pytest.raises(PluginError, match="max_length 500 is more than the model's context of 96"):
        ScalarHead(ScalarHead.Params(max_length=500)).fit(job())


def test_without_a_pad_token_the_end_token_pads(job, copied):
    """And a reward is then the same alone and in a batch."""
    edit(copied / "tokenizer_config.json", pad_token=None)
    done = job(checkpoint=str(copied))
    model = ScalarHead(ScalarHead.Params(max_steps=2))
    model.fit(done)
    model.load(str(done.output))
    texts = ["12 please", "12 now!!!", "12"]
    together = model.score([PROMPT] * 3, texts)
    assert together == pytest.approx([model.score([PROMPT], [text])[0] for text in texts], abs=1e-5)


def test_a_reward_model_from_elsewhere_without_a_pad_token_in_its_config(job):
    done = job()
    model = ScalarHead(ScalarHead.Params(max_steps=2))
    model.fit(done)
    model.load(str(done.output))
    expected = model.score([PROMPT] * 2, ["12 please", "12 now!!!"])
    edit(done.output / "config.json", pad_token_id=None)
    model.load(str(done.output))
    assert model.score([PROMPT] * 2, ["12 please", "12 now!!!"]) == pytest.approx(expected)


def test_a_language_model_is_no_reward_model(checkpoint):
    with pytest.raises(PluginError, match="is not a reward model"):
        ScalarHead(ScalarHead.Params()).load(checkpoint)


def test_plain_transformers_gives_the_same_rewards_after_an_adapter_was_merged(job):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    done = job()
    model = ScalarHead(ScalarHead.Params(lora={"r": 4}, learning_rate=1e-2))
    model.fit(done)
    model.load(str(done.output))
    texts = ["12 please", "12 now!!!"]
    plain = AutoModelForSequenceClassification.from_pretrained(done.output)
    tokenizer = AutoTokenizer.from_pretrained(done.output)
    turns = [
        [{"role": "user", "content": "say 12"}, {"role": "assistant", "content": text}]
        for text in texts
    ]
    batch = tokenizer.apply_chat_template(
        turns, padding=True, return_dict=True, return_tensors="pt"
    )
    with torch.no_grad():
        rewards = plain(**batch).logits[:, 0].tolist()
    assert model.score([PROMPT] * 2, texts) == pytest.approx(rewards, abs=1e-5)
