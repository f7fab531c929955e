"""Checkpoints that can and cannot be trained."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from rlaif_core.api import PluginError
from rlaif_trl.model.checkpoint import (
    context_length,
    load_causal,
    load_classifier,
    load_reward_model,
    load_tokenizer,
    save,
)


@pytest.fixture
def copy(checkpoint, tmp_path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "copy"))


def test_missing_folder_is_named():
    with pytest.raises(PluginError, match="/no/such/model: no such folder"):
        load_tokenizer("/no/such/model")


def test_folder_without_a_config_is_refused(tmp_path):
    with pytest.raises(PluginError, match=r"no config\.json"):
        load_causal(str(tmp_path), "float32")


def test_weights_that_are_not_safetensors_are_refused(copy):
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(PluginError, match="no safetensors file; load it once where you trust it"):
        load_causal(str(copy), "float32")


@pytest.mark.parametrize(
    ("name", "text"),
    [("config.json", '{"model_type": "no-such-architecture"}'), ("model.safetensors", "damaged")],
)
def test_damaged_files_are_one_line(copy, name, text):
    (copy / name).write_text(text)
    with pytest.raises(PluginError, match="cannot be loaded") as error:
        load_causal(str(copy), "float32")
    assert "\n" not in str(error.value)


def test_tokenizer_without_a_chat_template_is_refused(copy):
    (copy / "chat_template.jinja").unlink()
    with pytest.raises(PluginError, match="no chat template"):
        load_tokenizer(str(copy))


def test_missing_padding_token_becomes_the_end_token(copy, tokenizer):
    written = json.loads((copy / "tokenizer_config.json").read_text())
    del written["pad_token"]
    (copy / "tokenizer_config.json").write_text(json.dumps(written))
    assert load_tokenizer(str(copy)).pad_token == tokenizer.eos_token


def test_tokenizer_without_padding_and_end_token_is_refused(copy):
    written = json.loads((copy / "tokenizer_config.json").read_text())
    del written["pad_token"], written["eos_token"]
    (copy / "tokenizer_config.json").write_text(json.dumps(written))
    with pytest.raises(PluginError, match="neither a pad token nor an eos token"):
        load_tokenizer(str(copy))


def test_language_model_is_no_reward_model(checkpoint):
    with pytest.raises(PluginError, match="LlamaForCausalLM with 2 outputs is not a reward model"):
        load_reward_model(checkpoint)


def test_context_is_the_models(checkpoint, tokenizer):
    model = load_causal(checkpoint, "float32")
    assert context_length(model, tokenizer, None) == 96
    assert context_length(model, tokenizer, 50) == 50
    with pytest.raises(PluginError, match="max_length 97 is more than the model's context of 96"):
        context_length(model, tokenizer, 97)


def test_weights_that_are_no_numbers_are_not_saved(checkpoint, tokenizer, tmp_path):
    model = load_classifier(checkpoint, "float32")
    model.score.weight.data[0, 0] = float("nan")
    with pytest.raises(PluginError, match=r"diverged: score\.weight is not finite"):
        save(model, tokenizer, tmp_path / "output")
    assert not (tmp_path / "output").exists()
